/* Is not loaded until the thread that loaded the first has gone on. */
void wait_for_first(void);

__attribute__((constructor)) static void wait(void)
{
    wait_for_first();
}
