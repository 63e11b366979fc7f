#include "event_lines.h"

#include <inttypes.h>
#include <stdio.h>

static void print_function(void *data, const struct ffitap__at *at,
                           const struct ffitap__function_event *function)
{
    fprintf(data, "%d: function %u is %s\n", at->pid, function->function_id, function->symbol);
}

static void print_call(void *data, const struct ffitap__at *at,
                       const struct ffitap__call_event *call)
{
    fprintf(data, "%d: function %u took %" PRIu64 " ns\n", at->tid, call->function_id,
            call->native_ns);
}

static void print_callback(void *data, const struct ffitap__at *at,
                           const struct ffitap__callback_event *callback)
{
    fprintf(data, "%d: function %u called back\n", at->tid, callback->function_id);
}

const struct ffitap__report_told event_lines = {
    .function = print_function,
    .call = print_call,
    .callback_exit = print_callback,
};
