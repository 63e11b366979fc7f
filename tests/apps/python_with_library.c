/* A Python whose functions are in libpython. In Debian's Python they are in the program. */
#include <Python.h>

int main(int argc, char **argv)
{
    return Py_BytesMain(argc, argv);
}
