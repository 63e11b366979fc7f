/* How functions that leave their shared object are declared. */
#ifndef FFITAP_EXPORT_H
#define FFITAP_EXPORT_H

#define FFITAP_API       __attribute__((visibility("default")))
#define FFITAP_NODISCARD __attribute__((warn_unused_result))

/*
 * Private to ffitap, but crossing from one of its shared objects into another. Outside of the tap
 * the references are weak: with a tap of another build, which may lack a function, the dynamic
 * linker goes on, and the stamp in tap/layout.h keeps the code from what is not there.
 */
#ifdef FFITAP__OUTSIDE_TAP
#define FFITAP__CROSSING __attribute__((visibility("default"), weak))
#else
#define FFITAP__CROSSING __attribute__((visibility("default")))
#endif

#endif
