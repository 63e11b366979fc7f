/* Calls its host, if that has something to do, while it is being loaded. */
void while_loading(void) __attribute__((weak));

static void begin(void) __attribute__((constructor));
static void begin(void)
{
    if (while_loading)
        while_loading();
}

int loaded(void);
int loaded(void)
{
    return 1;
}
