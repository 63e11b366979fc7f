/*
 * Allows itself some system calls and no others, and then goes on: calls functions, loads a
 * library, starts a thread, forks. The first argument says what happens at other system calls:
 * "kill", "refuse" (with EPERM) or "allow". Then come two libraries with the functions of
 * thousand_functions.c, of which the first is loaded before the restriction and the second after
 * it, and then the numbers of the allowed system calls, with commas between them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <ffi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLED   400 /* functions: more than the file of the statistics has room for at first */
#define ALLOWED  200
#define NUMBER   offsetof(struct seccomp_data, nr)
#define OTHER(x) ((x)[0] == 'k' ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM)

static ffi_cif takes_int;

static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(3);
}

static void expect(bool condition, const char *what)
{
    if (condition)
        return;
    say("wrong: ");
    say(what);
    say("\n");
    _exit(1);
}

/* Each allowed system call has a return instruction of its own, right behind its comparison. */
static void filter(const char *others, char *allowed)
{
    struct sock_filter code[2 + 2 * ALLOWED] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER)};
    unsigned short length = 1;

    for (char *rest, *word = strtok_r(allowed, ",", &rest); word;
         word = strtok_r(NULL, ",", &rest)) {
        code[length++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(word), 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, OTHER(others));
    const struct sock_fprog program = {length, code};
    expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
           "the filter");
}

static void call(void *function, int number)
{
    ffi_arg result = 0;
    int one = 1;

    errno = number;
    ffi_call(&takes_int, FFI_FN(function), &result, (void *[]){&one});
    expect((int)result == number + 1 && errno == number, "a call");
}

static void *find(void *library, int number)
{
    char name[16];

    snprintf(name, sizeof(name), "add_%03d", number);
    return dlsym(library, name);
}

static void *call_one(void *function)
{
    call(function, 1);
    return NULL;
}

static void call_in_thread(void *function)
{
    pthread_t thread;

    expect(pthread_create(&thread, NULL, call_one, function) == 0 &&
               pthread_join(thread, NULL) == 0,
           "a thread");
}

static void call_in_child(void *function)
{
    int status = 1;
    const pid_t child = fork();

    if (child == 0) {
        call(function, 1);
        _exit(0);
    }
    expect(waitpid(child, &status, 0) == child && status == 0, "a child");
}

int main(int argc, char **argv)
{
    static ffi_type *an_int[] = {&ffi_type_sint};
    static void *functions[CALLED];
    void *library = argc == 5 ? dlopen(argv[2], RTLD_NOW) : NULL;

    expect(library &&
               ffi_prep_cif(&takes_int, FFI_DEFAULT_ABI, 1, &ffi_type_sint, an_int) == FFI_OK,
           "the arguments");
    for (int i = 0; i < CALLED; i++)
        functions[i] = find(library, i);
    expect(isatty(STDOUT_FILENO) || errno, "standard output");
    say("begin\n");
    if (*argv[1] != 'a')
        filter(argv[1], argv[4]);
    for (int i = 0; i < CALLED; i++)
        call(functions[i], i);
    say("called\n");
    void *second = dlopen(argv[3], RTLD_NOW);
    expect(second, "the second library");
    call(find(second, 7), 7);
    expect(dlclose(second) == 0, "dlclose");
    say("loaded\n");
    call_in_thread(functions[1]);
    say("started a thread\n");
    call_in_child(functions[1]);
    say("forked\n");
    return 0;
}
