/* Makes a call while it is being relocated: the function that chooses another one is asked then. */
extern void (*needed_in_between)(void);

static int one(void)
{
    return 1;
}

/* Used only by the assembly below. */
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
