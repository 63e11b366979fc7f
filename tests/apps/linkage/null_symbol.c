/* A symbol that is there and whose value is NULL: a lookup that fails without an error. */
__asm__(".globl null_symbol\n.type null_symbol, @object\n.set null_symbol, 0");
