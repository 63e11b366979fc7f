/* A Python whose functions live in libpython and not, as Debian's, in the program. */
#include <Python.h>

int main(int argc, char **argv)
{
    return Py_BytesMain(argc, argv);
}
