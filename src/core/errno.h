/* The exchange of errno and of the last error around native code. */
#ifndef FFITAP_CORE_ERRNO_H
#define FFITAP_CORE_ERRNO_H

/* Exchanges this thread's private errno with the real one. */
void ffitap__errno_swap(void);

/* The same for the last error. */
struct ffitap__last_error_swap {
    int real_value;    /* what the real one was */
    int private_value; /* what it is now */
};
struct ffitap__last_error_swap ffitap__last_error_swap(void);

#endif
