/*
 * Loads a library whose constructor has another thread load a second library. The second one's
 * constructor waits for something that the first thread does once its own load is over. Run with
 * the libraries' folder.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#define ROUNDS 50

static sem_t go, first_is_loaded, second_is_loaded;
static char path_of_first[4096], path_of_second[4096];

void start_other(void);
void wait_for_first(void);

void start_other(void)
{
    sem_post(&go);
}

void wait_for_first(void)
{
    sem_wait(&first_is_loaded);
}

static void *load_second(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        sem_wait(&go);
        void *second = dlopen(path_of_second, RTLD_LAZY);
        if (second)
            dlclose(second);
        sem_post(&second_is_loaded);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t other;
    int count = 0;

    snprintf(path_of_first, sizeof(path_of_first), "%s/libhandshake_first.so", argv[argc - 1]);
    snprintf(path_of_second, sizeof(path_of_second), "%s/libhandshake_second.so", argv[argc - 1]);
    sem_init(&go, 0, 0);
    sem_init(&first_is_loaded, 0, 0);
    sem_init(&second_is_loaded, 0, 0);
    if (pthread_create(&other, NULL, load_second, NULL) != 0)
        return 1;
    for (; count < ROUNDS; count++) {
        void *first = dlopen(path_of_first, RTLD_LAZY);

        if (!first)
            return 1;
        sem_post(&first_is_loaded);
        sem_wait(&second_is_loaded);
        dlclose(first);
    }
    pthread_join(other, NULL);
    printf("both loaded: %d\n", count);
    return 0;
}
