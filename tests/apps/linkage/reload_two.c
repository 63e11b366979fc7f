int two_function(int argument);

int two_function(int argument)
{
    return argument + 2;
}
