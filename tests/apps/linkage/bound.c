/* There are two of these: whose is bound to depends on how this one is loaded. */
int which(void);
int bound_to(void);

int bound_to(void)
{
    return which();
}
