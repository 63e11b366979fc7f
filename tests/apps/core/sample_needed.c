int needed(int value);
int needed(int value)
{
    return value * 2;
}
