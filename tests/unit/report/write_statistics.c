/* Writes a statistics file that has everything in it once. tests/golden/report/statistics holds
 * such a file. */
#include <stdio.h>

#include "statistics_builder.h"

int main(int argc, char **argv)
{
    static union builder file;
    FILE *stream = argc == 2 ? fopen(argv[1], "wb") : NULL;

    if (!stream)
        return 1;
    builder_tell_story(&file);
    fwrite(&file, 1, builder_end(&file), stream);
    return fclose(stream) == 0 ? 0 : 1;
}
