/* Twin of sample_one.c: the same code under another name, so that both fit the same place. */
int two_first(int value);
int two_first(int value)
{
    return value + 1;
}

int two_second(int value);
int two_second(int value)
{
    return value + 2;
}
