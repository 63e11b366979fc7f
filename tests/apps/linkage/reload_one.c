int one_function(int argument);

int one_function(int argument)
{
    return argument + 1;
}
