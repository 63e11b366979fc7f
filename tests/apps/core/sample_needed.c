int needed(int value);
int needed(int value)
{
    return value * 2;
}

/* What sample_relocating.so calls, for it has nothing of its own yet. */
extern void (*needed_in_between)(void);
void (*needed_in_between)(void);
