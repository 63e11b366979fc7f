/* The random structures and unions, as random_aggregates.py wrote them. */
#ifndef FFITAP_TESTS_RANDOM_TYPES_H
#define FFITAP_TESTS_RANDOM_TYPES_H

#include <stddef.h>
#include <stdint.h>

static inline unsigned add_bytes(unsigned sum, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sum = sum * 31 + ((const unsigned char *)bytes)[i];
    return sum;
}

#include "random_aggregates.h"

#endif
