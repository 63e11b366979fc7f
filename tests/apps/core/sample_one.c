/* Twin of sample_other.c: the same code under another name, so that both fit the same place. */
int one_first(int value);
int one_first(int value)
{
    return value + 1;
}

int one_second(int value);
int one_second(int value)
{
    return value + 2;
}
