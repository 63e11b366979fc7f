#include "core/abi.h"

#include "arch/arch.h"
#include "core/fail.h"

static enum ffitap_status microsoft(ffi_abi *abi, struct ffitap_error *error)
{
#if defined(FFITAP__MICROSOFT_ABI) && !defined(FFITAP__WITHOUT_MICROSOFT_ABI)
    (void)error;
    *abi = FFITAP__MICROSOFT_ABI;
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
