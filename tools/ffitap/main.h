/* All of ffitap but the program itself. The program (launch.c) loads the library and looks this
 * function up. */
#ifndef FFITAP_TOOLS_FFITAP_MAIN_H
#define FFITAP_TOOLS_FFITAP_MAIN_H

/* Does what the program's arguments ask for. Returns the exit status. */
__attribute__((visibility("default"))) int ffitap_main(int argc, char **argv);

#endif
