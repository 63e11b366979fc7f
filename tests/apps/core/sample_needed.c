int needed(int value);
int needed(int value)
{
    return value * 2;
}

/* sample_relocating.so calls this, because it can use nothing of its own yet. */
extern void (*needed_in_between)(void);
void (*needed_in_between)(void);
