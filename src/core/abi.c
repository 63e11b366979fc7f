#include "core/abi.h"

#include "core/fail.h"

static enum ffitap_status microsoft(ffi_abi *abi, struct ffitap_error *error)
{
#if defined(__x86_64__) && !defined(FFITAP__WITHOUT_MICROSOFT_ABI)
    (void)error;
    *abi = FFI_GNUW64; /* FFI_WIN64 with the long double that compilers here have: 16 bytes */
    return FFITAP_OK;
#else
    (void)abi;
    return ffitap__fail(error, FFITAP_NOT_SUPPORTED,
                        "libffi has no Microsoft calling convention on this platform");
#endif
}

enum ffitap_status ffitap__abi_of(enum ffitap_library_kind kind, ffi_abi *abi,
                                  struct ffitap_error *error)
{
    switch (kind) {
    case FFITAP_CDLL:
    case FFITAP_PYDLL:
        *abi = FFI_DEFAULT_ABI;
        return FFITAP_OK;
    case FFITAP_WINDLL:
    case FFITAP_OLEDLL:
        return microsoft(abi, error);
    }
    return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "%d is no kind of library", (int)kind);
}
