int beside_answer(void);

int beside_answer(void)
{
    return 7;
}
