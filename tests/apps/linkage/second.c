int which(void);

int which(void)
{
    return 2;
}
