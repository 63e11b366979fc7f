#include "tap/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tap/emit.h"

void ffitap__tap_lose(enum ffitap__loss what)
{
    ffitap__emit_lost(&(struct ffitap__lost_event){.what = what, .count = 1});
}

void ffitap__tap_describe_process(void)
{
    ffitap__emit_process(&(struct ffitap__process_event){.pid = getpid(),
                                                         .ppid = getppid(),
                                                         .exe = "",
                                                         .recording = "",
                                                         .argv = (const uint8_t *)""});
}
