/* Looks into a program's file for the reason why the tap is not in its processes. */
#ifndef FFITAP_TOOLS_PROGRAM_EXECUTABLE_H
#define FFITAP_TOOLS_PROGRAM_EXECUTABLE_H

/*
 * What keeps the dynamic linker from loading ffitap's libraries into the program: words that stand
 * behind its name, as "which is statically linked", to be released with g_free(). NULL if nothing
 * in its file does. `path` is absolute; a script is followed to its interpreter. Nothing is
 * said of an interpreter with a relative name: where the process was is not known.
 */
char *ffitap__executable_obstacle(const char *path);

#endif
