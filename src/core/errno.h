/* The exchange of errno around a call. */
#ifndef FFITAP_CORE_ERRNO_H
#define FFITAP_CORE_ERRNO_H

/* Exchanges this thread's private errno with the real one. */
void ffitap__errno_swap(void);

#endif
