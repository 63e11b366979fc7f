/* Files that were cut, or that somebody wrote to do harm. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/write/json.h"
#include "report/read/statistics.h"
#include "statistics_fixture.h"

TestSuite(statistics_damage, .init = fixture_create, .fini = fixture_destroy);

/* Each single reading has so many seconds, however many readings there are. */
#define ALARM_S 60

/* Reads the file anew, into a model of its own that must be fit to be written. */
static void read_hostile(size_t size, const char *what)
{
    struct ffitap_recording recording = {0};
    json_t *json;

    alarm(ALARM_S);
    ffitap__model_destroy(model);
    model = ffitap__model_create("");
    sink = ffitap__model_sink(model);
    read_cut(size);
    expect_all_possible(what);
    recording.command = json_array();
    recording.versions = json_object();
    json = ffitap__json_create(&recording, model);
    cr_assert(json != NULL, "%s", what);
    json_decref(json);
    json_decref(recording.command);
    json_decref(recording.versions);
    alarm(0);
}

Test(statistics_damage, cut_anywhere_say_so)
{
    char what[32];

    builder_tell_story(&file);
    const size_t size = builder_end(&file);
    for (size_t cut = 0; cut < size; cut += 64) {
        snprintf(what, sizeof(what), "cut at %zu", cut);
        read_hostile(cut, what);
        cr_assert(model->damaged->len == 1, "%s", what);
    }
}

Test(statistics_damage, may_be_as_long_as_they_could_have_become)
{
    builder_tell_story(&file);
    write_bytes(path, &file, builder_end(&file));
    cr_assert(eq(int, truncate(path, 1 << 20), 0));
    ffitap__statistics_read(&sink, path);
    ffitap__model_finish(model);
    cr_expect(eq(str, (char *)damage(), ""));
    cr_expect(eq(u64, function("cos")->native.count, 3));
}

/* Only one thread reads. So a few values are enough under ThreadSanitizer, which is slow. */
#ifdef __SANITIZE_THREAD__
#define SLOWER 10
#else
#define SLOWER 1
#endif

/* Every word of the file is replaced by values that no offset must have; most words are offsets. */
Test(statistics_damage, survive_offsets_to_anywhere, .timeout = 1000)
{
    static union builder story;
    char what[64];

    builder_tell_story(&story);
    const size_t size = builder_end(&story);
    for (size_t at = 0; at < size; at += 8 * SLOWER) {
        const uint64_t bad[] = {
            at,
            at - 8,
            at - 16,
            at + 4,
            1,
            size - 8,
            size,
            UINT64_MAX - 7,
            INT64_MAX,
            8,
            story.header.lists[FFITAP__STATISTICS_THREADS],
            story.header.lists[FFITAP__STATISTICS_FUNCTIONS],
        };
        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
            file = story;
            memcpy(&file.bytes[at], &bad[i], 8);
            snprintf(what, sizeof(what), "%#lx at %zu", (unsigned long)bad[i], at);
            read_hostile(size, what);
        }
    }
}

Test(statistics_damage, survive_flipped_bits, .timeout = 1000)
{
    static union builder story;
    uint64_t state = 11;
    char what[32];

    builder_tell_story(&story);
    const size_t size = builder_end(&story);
    for (int i = 0; i < 5000 / SLOWER; i++) {
        file = story;
        for (int flips = 0; flips <= i % 8; flips++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            file.bytes[(state >> 33) % size] ^= (uint8_t)(1u << (state >> 61));
        }
        snprintf(what, sizeof(what), "flips %d", i);
        read_hostile(size, what);
    }
}
