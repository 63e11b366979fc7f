/* How functions that leave their shared object are declared. */
#ifndef FFITAP_EXPORT_H
#define FFITAP_EXPORT_H

#define FFITAP_API       __attribute__((visibility("default")))
#define FFITAP_NODISCARD __attribute__((warn_unused_result))

/* Private to ffitap, but crossing from one of its shared objects into another. */
#define FFITAP__CROSSING __attribute__((visibility("default")))

#endif
