/* A library that is not there until a case asks for it. */
int only_in_spare(void);
int only_in_spare(void)
{
    return 11;
}
