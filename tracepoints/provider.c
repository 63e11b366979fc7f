/*
 * The LTTng-UST provider. It is a shared object of its own because liblttng-ust starts two threads
 * in every process that loads it, and a program that is not traced need not pay for them. The tap
 * finds its probes here at run time, whichever of the two is loaded first.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#include "tracepoints/provider.h"

#include <dlfcn.h>

#include "tap/sinks/lttng.h"
#include "tap/layout.h"
#include "tap/tap.h"
#include "tap/base/watch.h"

/*
 * LTTng's listener thread passes this tracepoint for every session that starts, so that the process
 * can describe itself. In this way a session that starts in the middle of a run still learns the
 * name of every function.
 */
#define STATEDUMP_PROVIDER  "lttng_ust_statedump"
#define STATEDUMP_EVENT     "start"
#define STATEDUMP_SIGNATURE "struct lttng_ust_session *, session"

static void describe_process(void *data, void *session)
{
    (void)data;
    (void)session;
    ffitap__tap_describe_process();
}

/*
 * LTTng has a thread-local pointer that is set in each thread that it knows. The pointer is in no
 * header, and another LTTng may lack it. So it is looked up at run time, and read in a thread in
 * the way that a compiler would read it.
 */
#define LTTNG_COMMON "liblttng-ust-common.so.1"

static struct {
    size_t module, offset;
} known_thread;
extern void *__tls_get_addr(void *index);

static bool knows_thread(void)
{
    return *(void **)__tls_get_addr(&known_thread);
}

static void watch_threads(void)
{
    void *library = dlopen(LTTNG_COMMON, RTLD_LAZY | RTLD_NOLOAD);
    const char *ours = library ? dlsym(library, "lttng_ust_urcu_reader") : NULL;
    char *start = NULL;

    if (ours && dlinfo(library, RTLD_DI_TLS_MODID, &known_thread.module) == 0 &&
        dlinfo(library, RTLD_DI_TLS_DATA, &start) == 0 && start) {
        known_thread.offset = (size_t)(ours - start);
        ffitap__lttng_ask(knows_thread);
    }
    if (library)
        dlclose(library);
    dlerror(); /* so that nobody notices that we have asked */
}

FFITAP__LAYOUT_STAMP static const uint64_t layout = FFITAP__LAYOUT;

/*
 * When this runs, the probes are registered. LTTng's header has a constructor that registers them,
 * and that constructor runs before this one because its definition comes earlier in this file. No
 * standard says so; GCC and Clang list the constructors of a file in this order, and the dynamic
 * linker runs them in the order of the list. With a tap of another build the probes must not stay:
 * they would read records that are laid out in another way.
 */
__attribute__((constructor)) static void watch_sessions(void)
{
    if (!ffitap__layout_agrees()) {
        lttng_ust__events_exit__ffitap();
        return;
    }
    watch_threads();
    ffitap__watch_start_events();
    lttng_ust_tracepoint_provider_register(STATEDUMP_PROVIDER, STATEDUMP_EVENT,
                                           (void (*)(void))describe_process, NULL,
                                           STATEDUMP_SIGNATURE);
    /* LTTng has started earlier, and has passed the tracepoint then for sessions that were waiting.
     * The process describes itself to those sessions here. */
    ffitap__tap_describe_process();
}

__attribute__((destructor)) static void forget_sessions(void)
{
    if (!ffitap__layout_agrees())
        return;
    lttng_ust_tracepoint_provider_unregister(STATEDUMP_PROVIDER, STATEDUMP_EVENT,
                                             (void (*)(void))describe_process, NULL);
    ffitap__lttng_ask(NULL);
}
