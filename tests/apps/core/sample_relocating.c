/* Calls in the middle of being relocated: what chooses a function is asked then. */
extern void (*needed_in_between)(void);

static int one(void)
{
    return 1;
}

/* Only named below. */
__attribute__((used)) static int (*choose(void))(void)
{
    needed_in_between();
    return one;
}

static int chosen(void) __attribute__((ifunc("choose")));

int relocating(void);
int relocating(void)
{
    return chosen();
}
