/* A trace's metadata, before babeltrace is let near it. */
#include "report/read/metadata.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t magic[] = {0x57, 0x1d, 0xd1, 0x75};

    fuzz_write("metadata", data, size);
    const bool is_cut = ffitap__metadata_is_cut(fuzz_folder());
    const bool has_packets = size >= sizeof(magic) && memcmp(data, magic, sizeof(magic)) == 0;

    if (size == 0)
        fuzz_expect(is_cut, "a file of no bytes is cut");
    else if (!has_packets)
        fuzz_expect(!is_cut, "text may have any length");
    else if (size < 32)
        fuzz_expect(is_cut, "a packet has a header");
    return 0;
}
