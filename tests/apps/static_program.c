/* Linked statically: no dynamic linker, no preloading, nothing to be seen. */
int main(void)
{
    return 0;
}
