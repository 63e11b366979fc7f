int needed(int value);

int dependent(int value);
int dependent(int value)
{
    return needed(value) + 1;
}
