/* Its load does not end before the thread that loaded the first library has gone on. */
void wait_for_first(void);

__attribute__((constructor)) static void wait(void)
{
    wait_for_first();
}
