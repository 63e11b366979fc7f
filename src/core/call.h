/* The call itself: everything between a function's arguments and its result. */
#ifndef FFITAP_CORE_CALL_H
#define FFITAP_CORE_CALL_H

/* Makes the core known to the tap as a source of calls, with the lock that there is now. Asked for
 * each library and lookup: after the first time it costs little. */
void ffitap__call_prepare(void);

#endif
