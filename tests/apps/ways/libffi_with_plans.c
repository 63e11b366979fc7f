/*
 * A libffi that has call plans, for systems whose own has none: the names and signatures are those
 * of libffi 3.7. Its plans have no quick way: each calls the system's ffi_call through a slot, as
 * libffi does for a plan for which it has no quick way.
 */
#include <ffi.h>
#include <stdlib.h>

typedef struct ffi_call_plan ffi_call_plan;
ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif);
void ffi_call_plan_invoke(ffi_call_plan *plan, void (*function)(void), void *result,
                          void **arguments);
void ffi_call_plan_free(ffi_call_plan *plan);

struct ffi_call_plan {
    ffi_cif *cif;
};

ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif)
{
    ffi_call_plan *plan = malloc(sizeof(*plan));

    if (plan)
        plan->cif = cif;
    return plan;
}

void ffi_call_plan_invoke(ffi_call_plan *plan, void (*function)(void), void *result,
                          void **arguments)
{
    ffi_call(plan->cif, function, result, arguments);
}

void ffi_call_plan_free(ffi_call_plan *plan)
{
    free(plan);
}
