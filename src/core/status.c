#include <ffitap/status.h>

const char *ffitap_status_text(enum ffitap_status status)
{
    switch (status) {
#define X(name, value, text)                                                                       \
    case FFITAP_##name:                                                                            \
        return text;
        FFITAP_STATUS_MAP(X)
#undef X
    }
    return "unknown status";
}
