/* ffitap doctor: the machine and the environment, as far as every traced program meets them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ffitap/doctor/machine.h"
#include "recorder/lttng/buffers.h"
#include "tap/base/clock.h"
#include "tap/base/environment.h"
#include "tap/base/filter.h"

#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* How much address space a process needs to start at all, besides LTTng's buffers. */
#define ADDRESS_SPACE_BESIDE (UINT64_C(256) << 20)

/* How long a reading of the clock takes, in nanoseconds: the best of a few rounds, because other
 * programs use the processor, too. */
static double measure_reading(void)
{
    enum { ROUNDS = 5, READINGS = 10000 };
    uint64_t best = UINT64_MAX;

    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t begin = ffitap__clock_monotonic_ns();
        for (int i = 0; i < READINGS; i++)
            ffitap__clock_now();
        best = MIN(best, ffitap__clock_monotonic_ns() - begin);
    }
    return (double)best / READINGS;
}

static void look_at_clock(struct ffitap_findings *findings)
{
    char *source = NULL;

    if (ffitap__clock_counts_ticks) {
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "clock", NULL,
                            "the time stamp counter, which the kernel trusts: %.0f ns a reading",
                            measure_reading());
        return;
    }
    g_file_get_contents(CLOCK_SOURCE, &source, NULL, NULL);
    ffitap_findings_add(
        findings, FFITAP_LEVEL_NOTE, "clock",
        "if the counter of this machine is sound, boot with clocksource=" FFITAP__TICKS_SOURCE,
        "CLOCK_MONOTONIC, because the kernel's own clock source is %s and not the "
        "time stamp counter: %.0f ns a reading, so that traced calls cost more",
        source ? g_strstrip(source) : "unknown", measure_reading());
    g_free(source);
}

static void look_at_environment(struct ffitap_findings *findings)
{
    const char *preload = getenv("LD_PRELOAD");
    const char *filter = getenv(FFITAP__ENV_FILTER);
    const char *timeout = getenv("LTTNG_UST_REGISTER_TIMEOUT");
    struct ffitap__filter_flaw flaw;

    if (preload && *preload)
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "environment", NULL,
                            "LD_PRELOAD is set: %s is loaded into the program, too, ahead of "
                            "ffitap's libraries",
                            preload);
    if (filter && !ffitap__filter_set(filter, &flaw))
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "environment",
                            "correct it, or unset it", FFITAP__ENV_FILTER " is no filter: %s",
                            flaw.why);
    else if (filter && *filter)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "environment",
                            "unset it to have all calls measured",
                            FFITAP__ENV_FILTER " leaves calls out: %s", filter);
    if (timeout && strcmp(timeout, "0") == 0)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "environment", "unset it",
                            "LTTNG_UST_REGISTER_TIMEOUT is 0: programs do not wait until they are "
                            "recorded, and their first calls are not in the trace");
}

static uint64_t buffers_in_all(const struct ffitap_memory *memory)
{
    const struct ffitap_buffer calls = ffitap_buffers_default_for_calls(memory);
    const struct ffitap_buffer definitions = ffitap_buffers_for_definitions(memory);

    return ffitap_buffers_total(&calls, memory->cpus) +
           ffitap_buffers_total(&definitions, memory->cpus);
}

static void look_at_memory(struct ffitap_findings *findings, const struct ffitap_memory *memory)
{
    const double needed = (double)buffers_in_all(memory) / 0x1p20;

    if (memory->available == UINT64_MAX)
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "memory", NULL,
                            "how much /dev/shm has free cannot be told; a recording takes %.1f MiB "
                            "of it",
                            needed);
    else if (buffers_in_all(memory) > memory->available)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "memory", "make room in /dev/shm",
                            "a recording takes %.1f MiB of /dev/shm, which has %.1f MiB free",
                            needed, (double)memory->available / 0x1p20);
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "memory", NULL,
                            "a recording takes %.1f MiB of /dev/shm, which has %.1f MiB free",
                            needed, (double)memory->available / 0x1p20);
}

/* Where `record` puts its recording, and `stat` too with -o, unless another place is named. */
static void look_at_directory(struct ffitap_findings *findings)
{
    struct statvfs space;

    if (access(".", W_OK | X_OK) != 0 || statvfs(".", &space) != 0)
        ffitap_findings_add(
            findings, FFITAP_LEVEL_NOTE, "directory", "name another place with 'ffitap record -o'",
            "a recording cannot be made in the working directory: %s", strerror(errno));
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "directory", NULL,
                            "a recording can be made in the working directory, which has %.1f MiB "
                            "free",
                            (double)space.f_bavail * (double)space.f_frsize / 0x1p20);
}

static bool is_limited(int resource, uint64_t *limit)
{
    struct rlimit both;

    if (getrlimit(resource, &both) != 0 || both.rlim_cur == RLIM_INFINITY)
        return false;
    *limit = both.rlim_cur;
    return true;
}

static void look_at_limits(struct ffitap_findings *findings, const struct ffitap_memory *memory)
{
    const uint64_t needed = buffers_in_all(memory) + ADDRESS_SPACE_BESIDE;
    uint64_t limit;

    if (is_limited(RLIMIT_FSIZE, &limit))
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "limits", "ulimit -f unlimited",
                            "files end at %.1f MiB (ulimit -f): a longer recording is cut off, and "
                            "the program may be killed by SIGXFSZ",
                            (double)limit / 0x1p20);
    if (is_limited(RLIMIT_AS, &limit) && limit < needed)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "limits", "ulimit -v unlimited",
                            "a process has %.1f MiB of addresses (ulimit -v), and one that is "
                            "recorded maps %.1f MiB of LTTng's buffers",
                            (double)limit / 0x1p20, (double)buffers_in_all(memory) / 0x1p20);
}

void ffitap_doctor_machine(struct ffitap_findings *findings)
{
    const struct ffitap_memory memory = ffitap_memory_get();

    look_at_clock(findings);
    look_at_environment(findings);
    look_at_memory(findings, &memory);
    look_at_directory(findings);
    look_at_limits(findings, &memory);
}
