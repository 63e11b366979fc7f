#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/base/recording.h"
#include "report/base/text.h"

static char directory[64];
static char why[256];

static void make_directory(void)
{
    strcpy(directory, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(directory) != NULL);
}

static void remove_directory(void)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/recording", directory);
    unlink(path);
    cr_expect(eq(int, rmdir(directory), 0), "something else was left in the directory");
}

TestSuite(recording, .init = make_directory, .fini = remove_directory);

static struct ffitap_recording example(void)
{
    return (struct ffitap_recording){
        .token = strdup("f00d"),
        .command = json_pack("[s, o]", "python3",
                             ffitap__text_json("a\xff"
                                               "b.py")),
        .host = strdup("there"),
        .start = strdup("2024-05-06T07:08:09.123456789Z"),
        .mode = strdup("record"),
        .events = strdup("calls"),
        .filter = json_pack("[s, s]", "@libc*", "!abs"),
        .versions = json_pack("{s:s}", "ffitap", "0.1.0"),
        .pid = 4711,
        .duration_ns = 1234567890123,
        .ended = true,
        .signaled = true,
        .code = 11,
        .discarded_events = 3,
        .lost_packets = 1,
    };
}

static void put(const char *text)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/recording", directory);
    FILE *file = fopen(path, "w");

    cr_assert(file != NULL);
    fputs(text, file);
    fclose(file);
}

/* Whether `where` is refused with a sentence that holds `part`. */
static bool is_refused(const char *where, const char *part)
{
    struct ffitap_recording recording;

    why[0] = '\0';
    cr_assert(eq(int, ffitap_recording_read(&recording, where, why, sizeof(why)), -1));
    cr_expect(zero(ptr, recording.token));
    return strstr(why, part) != NULL;
}

Test(recording, comes_back_as_it_was_written)
{
    struct ffitap_recording written = example(), read;

    cr_assert(eq(int, ffitap_recording_write(&written, directory), 0));
    cr_assert(eq(int, ffitap_recording_read(&read, directory, why, sizeof(why)), 0), "%s", why);
    cr_expect(eq(str, read.token, "f00d"));
    cr_expect(eq(str, read.host, "there"));
    cr_expect(eq(str, read.start, "2024-05-06T07:08:09.123456789Z"));
    cr_expect(eq(str, read.mode, "record"));
    cr_expect(eq(str, read.events, "calls"));
    cr_expect(json_equal(read.command, written.command));
    cr_expect(json_equal(read.filter, written.filter));
    cr_expect(json_equal(read.versions, written.versions));
    cr_expect(eq(i64, read.pid, 4711));
    cr_expect(eq(u64, read.duration_ns, 1234567890123));
    cr_expect(read.ended && read.signaled);
    cr_expect(eq(int, read.code, 11));
    cr_expect(eq(u64, read.discarded_events, 3));
    cr_expect(eq(u64, read.lost_packets, 1));
    ffitap_recording_fini(&written);
    ffitap_recording_fini(&read);
}

Test(recording, is_written_over_an_older_one)
{
    struct ffitap_recording recording = example();

    put("older");
    cr_assert(eq(int, ffitap_recording_write(&recording, directory), 0));
    ffitap_recording_fini(&recording);
    cr_assert(eq(int, ffitap_recording_read(&recording, directory, why, sizeof(why)), 0));
    ffitap_recording_fini(&recording);
}

Test(recording, that_knows_nothing_yet_can_be_written)
{
    struct ffitap_recording recording = {0};

    cr_assert(eq(int, ffitap_recording_write(&recording, directory), 0));
    cr_assert(eq(int, ffitap_recording_read(&recording, directory, why, sizeof(why)), 0));
    cr_expect(not(recording.ended));
    cr_expect(eq(str, recording.token, ""));
    ffitap_recording_fini(&recording);
}

Test(recording, of_before_there_were_filters_has_none)
{
    struct ffitap_recording recording = {0};

    put("{\"format\": \"ffitap-recording/1\", \"token\": \"\", \"command\": [], \"host\": \"\","
        " \"start\": \"\", \"mode\": \"\", \"events\": \"\", \"versions\": {}, \"pid\": 1,"
        " \"duration_ns\": 1, \"ended\": true, \"signaled\": false, \"code\": 0,"
        " \"discarded_events\": 0, \"lost_packets\": 0}");
    cr_assert(eq(int, ffitap_recording_read(&recording, directory, why, sizeof(why)), 0), "%s",
              why);
    cr_expect(eq(sz, json_array_size(recording.filter), 0));
    ffitap_recording_fini(&recording);
}

Test(recording, is_refused_when_its_filter_is_no_list_of_texts)
{
    struct ffitap_recording recording = {.filter = json_pack("[s, i]", "abs", 1)};

    cr_assert(eq(int, ffitap_recording_write(&recording, directory), 0));
    ffitap_recording_fini(&recording);
    cr_expect(is_refused(directory, "'filter'"), "%s", why);
}

Test(recording, cannot_be_written_into_nothing)
{
    struct ffitap_recording recording = {0};

    cr_assert(eq(int, ffitap_recording_write(&recording, "/nowhere/at/all"), -1));
    cr_expect(eq(int, errno, ENOENT));
}

Test(recording, is_refused_where_no_directory_is)
{
    cr_expect(is_refused("/nowhere/at/all", "no such directory; give"), "%s", why);
    cr_expect(is_refused("/dev/null", "not a directory; give"), "%s", why);
}

Test(recording, is_refused_without_a_description)
{
    cr_expect(is_refused(directory, "not a recording: it holds no file 'recording'"), "%s", why);
}

Test(recording, is_refused_when_cut)
{
    put("{\"format\": \"ffitap-rec");
    cr_expect(is_refused(directory, "is damaged (premature end of input"), "%s", why);
}

Test(recording, is_refused_when_it_is_something_else)
{
    put("[1, 2, 3]");
    cr_expect(is_refused(directory, "is no ffitap description"), "%s", why);
}

Test(recording, is_refused_when_a_key_is_missing)
{
    put("{\"format\": \"ffitap-recording/1\"}");
    cr_expect(is_refused(directory, "Object item not found: token"), "%s", why);
}

Test(recording, of_another_format_names_both)
{
    put("{\"format\": \"ffitap-recording/9\"}");
    cr_expect(is_refused(directory, "'ffitap-recording/9', this ffitap reads"), "%s", why);
    cr_expect(is_refused(directory, "'ffitap-recording/1'"));
}
