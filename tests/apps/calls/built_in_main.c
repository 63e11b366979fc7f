/* The program of built_in.c, which is all in its library. */
int built_in_run(void);

int main(void)
{
    return built_in_run();
}
