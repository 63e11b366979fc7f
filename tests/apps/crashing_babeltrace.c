/* When preloaded, it makes babeltrace 2 crash before babeltrace has read anything. */
#include <stdint.h>
#include <stdlib.h>

void *bt_graph_create(uint64_t version);

void *bt_graph_create(uint64_t version)
{
    (void)version;
    abort();
}
