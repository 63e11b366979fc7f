/* All of ffitap but the program itself (launch.c), which looks it up when it has the library. */
#ifndef FFITAP_TOOLS_FFITAP_MAIN_H
#define FFITAP_TOOLS_FFITAP_MAIN_H

/* Does what the program's arguments ask for. Returns the exit status. */
__attribute__((visibility("default"))) int ffitap_main(int argc, char **argv);

#endif
