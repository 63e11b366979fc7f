/* While this library is being loaded it calls its host, if the host has something to do. */
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
