/* Calls back: at once, and on a thread that the program does not know. */
#include <pthread.h>
#include <stddef.h>

int call_back(int (*function)(int), int value);
int call_back_in_thread(int (*function)(int), int value);

int call_back(int (*function)(int), int value)
{
    return function(value);
}

struct job {
    int (*function)(int);
    int value;
};

static void *do_job(void *data)
{
    struct job *job = data;

    job->value = job->function(job->value);
    return NULL;
}

int call_back_in_thread(int (*function)(int), int value)
{
    struct job job = {function, value};
    pthread_t thread;

    if (pthread_create(&thread, NULL, do_job, &job) != 0)
        return -1;
    pthread_join(thread, NULL);
    return job.value;
}
