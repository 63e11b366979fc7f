/*
 * Two threads of an interpreter: one is in native code without the lock, and makes a foreign call
 * from there; the other holds the lock until that call is over.
 */
#include <semaphore.h>

#include "border.h"

static sem_t is_there, may_call, has_called;

__attribute__((constructor)) static void prepare(void)
{
    sem_init(&is_there, 0, 0);
    sem_init(&may_call, 0, 0);
    sem_init(&has_called, 0, 0);
}

int relay_called(int argument);
int relay_without_lock(void);
int relay_is_there(void);
int relay_with_lock(void);

int relay_called(int argument)
{
    return argument + 1;
}

int relay_without_lock(void)
{
    sem_post(&is_there);
    sem_wait(&may_call);
    const int result = border_call(relay_called, 1);
    sem_post(&has_called);
    return result;
}

/* Waits without the lock, because the other thread needs the lock to come this far. */
int relay_is_there(void)
{
    return sem_wait(&is_there);
}

int relay_with_lock(void)
{
    sem_post(&may_call);
    return sem_wait(&has_called);
}
