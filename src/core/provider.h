/* The LTTng-UST provider, which a program that uses the core gets without asking. */
#ifndef FFITAP_CORE_PROVIDER_H
#define FFITAP_CORE_PROVIDER_H

/*
 * Loads the provider, once per process; that there is none is no error. On the first use of the
 * core rather than in a constructor: a program that merely links libffitap does not pay for LTTng's
 * threads and registration, and none of that happens while the dynamic linker holds its lock.
 * Leaves errno alone and no error for dlerror(3).
 */
void ffitap__provider_load(void);

#endif
