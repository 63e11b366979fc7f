#include "tap/sinks/loss.h"

#include "tap/sinks/sink.h"

void ffitap__lose(enum ffitap__loss what)
{
    ffitap__tell_lost(&(struct ffitap__lost_event){.what = (uint8_t)what, .count = 1});
}

void ffitap__lose_beside(const struct ffitap__sink *one, enum ffitap__loss what)
{
    ffitap__tell_lost_beside(one, &(struct ffitap__lost_event){.what = (uint8_t)what, .count = 1});
}
