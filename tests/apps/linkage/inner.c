/* Found only through the RUNPATH or RPATH of the library that loads it. */
int inner_answer(void);

int inner_answer(void)
{
    return 42;
}
