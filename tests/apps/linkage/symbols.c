/* Symbols of every kind: with versions, chosen when they are bound, and data. */
int answer_old(void);
int answer_new(void);
int chosen_answer(void);
int data_symbol = 5;
const char text_symbol[] = "text";

int answer_old(void)
{
    return 1;
}

int answer_new(void)
{
    return 2;
}

__asm__(".symver answer_old, answer@OLD_1");
__asm__(".symver answer_new, answer@@NEW_2");

static int chosen(void)
{
    return 3;
}

/* Used only by the assembly below. */
__attribute__((used)) static int (*choose(void))(void)
{
    return chosen;
}

int chosen_answer(void) __attribute__((ifunc("choose")));
