/*
 * Turns an event of babeltrace's into one of ours. The one table of events and their fields is in
 * decode.c; names are looked up once per event class, because per event they would cost more than
 * the event.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_DECODE_H
#define FFITAP_TOOLS_REPORT_READ_DECODE_H

#include <babeltrace2/babeltrace.h>

#include "report/model/sink.h"

struct ffitap__decoder;

/* Creates the decoder of an event class, which it keeps alive. */
struct ffitap__decoder *ffitap__decoder_create(const bt_event_class *event_class);

void ffitap__decoder_destroy(struct ffitap__decoder *decoder);

/* Tells `sink` the event of `message`, which is of the decoder's class. */
void ffitap__decoder_feed(struct ffitap__decoder *decoder, const bt_message *message,
                          const struct ffitap__report_sink *sink);

#endif
