/* The LTTng-UST provider, which a program that uses the core gets without asking. */
#ifndef FFITAP_CORE_PROVIDER_H
#define FFITAP_CORE_PROVIDER_H

/*
 * Loads the provider, once per process. If there is none, that is no error. It is loaded on the
 * first use of the core and not in a constructor, so that a program that merely links libffitap
 * does not pay for LTTng's threads and registration, and so that these do not start while the
 * dynamic linker holds its lock. Leaves errno alone and no error for dlerror(3).
 */
void ffitap__provider_load(void);

#endif
