/*
 * There are two such libraries: which one's symbol is bound to depends on how this one is loaded.
 */
int which(void);
int bound_to(void);

int bound_to(void)
{
    return which();
}
