#include "tap/statistics/buckets.h"

/* A bucket that is counted more often than this gets a run, because a run is found faster. */
#define OFTEN 64u

/* More scattered pieces than this would take too long to search. */
#define SCATTERED_MAX 4u

/* What a histogram has for one bucket; NULL for what it has not. */
struct places {
    struct ffitap__statistics_buckets *run; /* the bucket's run, if its count there is not full */
    uint32_t *scattered;                    /* the bucket's scattered count */
    uint32_t *unused;                       /* a scattered count that no bucket has yet */
    unsigned scattered_pieces;
};

static uint32_t first_of(uint32_t bucket)
{
    return bucket - bucket % FFITAP__STATISTICS_BUCKETS;
}

static void look_among(struct ffitap__statistics_buckets *piece, uint32_t bucket,
                       struct places *places)
{
    places->scattered_pieces++;
    for (unsigned i = 0; i < FFITAP__STATISTICS_BUCKETS; i++) {
        uint32_t *count = &piece->counts[i];

        if (!*count)
            places->unused = count;
        else if (ffitap__statistics_scattered_bucket(*count) == bucket)
            places->scattered = count;
    }
}

static struct places look_for(char *file, const _Atomic uint64_t *list, uint32_t bucket)
{
    struct places places = {0};
    uint64_t offset = atomic_load_explicit(list, memory_order_relaxed);

    while (offset && !places.run) {
        struct ffitap__statistics_buckets *piece = (void *)(file + offset);

        if (piece->is_scattered)
            look_among(piece, bucket, &places);
        else if (piece->first == first_of(bucket) &&
                 piece->counts[bucket - piece->first] != UINT32_MAX)
            places.run = piece;
        offset = piece->next;
    }
    return places;
}

/* Adds a piece in front of the others. NULL if there is no room. */
static struct ffitap__statistics_buckets *
add_piece(struct ffitap__arena *arena, _Atomic uint64_t *list, uint32_t first, bool is_scattered)
{
    struct ffitap__statistics_buckets *piece = ffitap__arena_take(arena, sizeof(*piece));

    if (!piece)
        return NULL;
    piece->first = first;
    piece->is_scattered = is_scattered;
    piece->next = atomic_load_explicit(list, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(list, &piece->next,
                                                  ffitap__arena_offset(arena, piece),
                                                  memory_order_release, memory_order_relaxed))
        ;
    return piece;
}

/* Gives a bucket its first count among the scattered ones. NULL if there are too many scattered
 * pieces already, or no room for another. */
static uint32_t *scatter(struct ffitap__arena *arena, const struct places *places,
                         _Atomic uint64_t *list, uint32_t bucket)
{
    uint32_t *count = places->unused;

    if (!count && places->scattered_pieces < SCATTERED_MAX) {
        struct ffitap__statistics_buckets *piece = add_piece(arena, list, 0, true);
        count = piece ? &piece->counts[0] : NULL;
    }
    if (!count)
        return NULL;
    uint32_t nobody = 0;
    return __atomic_compare_exchange_n(count, &nobody, bucket << FFITAP__STATISTICS_SCATTERED_BITS,
                                       false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)
               ? count
               : NULL; /* a signal handler was faster: a run will do */
}

static uint32_t *use_run(const char *file, struct ffitap__recent *recent,
                         struct ffitap__statistics_buckets *run, uint32_t bucket)
{
    recent->runs[bucket / FFITAP__STATISTICS_BUCKETS % FFITAP__RECENT] =
        (uint32_t)((char *)run - file);
    return &run->counts[bucket - run->first];
}

uint32_t *ffitap__buckets_search(struct ffitap__arena *arena, struct ffitap__recent *recent,
                                 _Atomic uint64_t *list, uint32_t bucket)
{
    char *file = (char *)arena->storage->header;
    const struct places places = look_for(file, list, bucket);
    struct ffitap__statistics_buckets *run = places.run;
    uint32_t *count = places.scattered;

    if (run)
        return use_run(file, recent, run, bucket);
    if (!count)
        count = scatter(arena, &places, list, bucket);
    if (count && ffitap__statistics_scattered_count(*count) < OFTEN)
        return count;
    run = add_piece(arena, list, first_of(bucket), false);
    if (run)
        return use_run(file, recent, run, bucket);
    return count && ffitap__statistics_scattered_count(*count) < FFITAP__STATISTICS_SCATTERED_MAX
               ? count
               : NULL;
}
