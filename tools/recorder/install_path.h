/* Where ffitap's other files are: by relative paths, so that an installation can be moved. */
#ifndef FFITAP_TOOLS_RECORDER_INSTALL_PATH_H
#define FFITAP_TOOLS_RECORDER_INSTALL_PATH_H

/*
 * The absolute path of what is at `relative`, seen from the directory of the running ffitap. To be
 * freed. NULL, having said why.
 */
char *ffitap_install_path_find(const char *relative);

/* Does the same for something that may be missing. If it is, returns NULL without a message. */
char *ffitap_install_path_look(const char *relative);

#endif
