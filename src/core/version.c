#include <ffitap/version.h>

const char *ffitap_version(void)
{
    return FFITAP_VERSION;
}
