/*
 * void *ffitap__impersonate(site, function, first, second, third): see arch.h.
 *
 * Two return addresses go onto the stack: ours below, the site above. `function` returns to the
 * site, whose `ret` returns to us. With two pushes after the call that brought us here the stack is
 * aligned for `function` just as a call instruction would leave it.
 *
 * This file carries no mark of compatibility with shadow stacks, on purpose. Shadow stacks would
 * not let such a return pass, and they stay off in a process that has an object without the mark.
 */
    .text
    .globl ffitap__impersonate
    .hidden ffitap__impersonate
    .type ffitap__impersonate, @function
ffitap__impersonate:
    .cfi_startproc
    lea     .Lback(%rip), %rax
    push    %rax
    .cfi_adjust_cfa_offset 8
    push    %rdi
    .cfi_adjust_cfa_offset 8
    mov     %rsi, %rax
    mov     %rdx, %rdi
    mov     %rcx, %rsi
    mov     %r8, %rdx
    jmp     *%rax
    .cfi_adjust_cfa_offset -16
    nop     /* unwinders look up the place before a return address */
.Lback:
    ret
    .cfi_endproc
    .size ffitap__impersonate, . - ffitap__impersonate

    .section .note.GNU-stack, "", @progbits
