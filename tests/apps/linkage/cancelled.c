/* A thread that is cancelled while it looks symbols up, where no cancellation takes effect. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define LOOKUP_COUNT 200000

static sem_t is_cancelled;

static void *look_up(void *unused)
{
    while (sem_trywait(&is_cancelled) != 0)
        ;
    for (int i = 0; i < LOOKUP_COUNT; i++)
        dlsym(RTLD_DEFAULT, "malloc");
    return unused;
}

int main(void)
{
    pthread_t thread;
    void *result = NULL;

    sem_init(&is_cancelled, 0, 0);
    pthread_create(&thread, NULL, look_up, NULL);
    pthread_cancel(thread);
    sem_post(&is_cancelled);
    pthread_join(thread, &result);
    puts(result == PTHREAD_CANCELED ? "cancelled" : "finished");
    return 0;
}
