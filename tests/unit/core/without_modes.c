/* The modes as they are on a platform that has neither. */
#include <dlfcn.h>
#undef RTLD_LOCAL
#undef RTLD_GLOBAL
#include <ffitap/library.h>

const int local_without_modes = FFITAP_RTLD_LOCAL;
const int global_without_modes = FFITAP_RTLD_GLOBAL;
const int default_without_modes = FFITAP_DEFAULT_MODE;
