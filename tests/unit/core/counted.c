#include "counted.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lttng_double.h"
#include "open.h"

bool lttng_double_is_there = false;

char counted_folder[] = "/tmp/ffitap-test-start-XXXXXX";
static struct ffitap_library *library;
static struct ffitap_function *absolute;

void counted_begin(void)
{
    lttng_double_wants_callbacks = false;
    setenv("FFITAP_LTTNG", "0", 1);
    cr_assert(ne(ptr, mkdtemp(counted_folder), NULL));
    library = open_library(NULL, FFITAP_CDLL, 0);
    absolute = borrow_same(library, "abs", FFITAP_TYPE_INT);
}

unsigned counted_empty_folder(void)
{
    DIR *stream = opendir(counted_folder);
    unsigned count = 0;

    for (const struct dirent *entry; stream && (entry = readdir(stream));)
        count += *entry->d_name != '.' && unlinkat(dirfd(stream), entry->d_name, 0) == 0;
    if (stream)
        closedir(stream);
    return count;
}

void counted_end(void)
{
    ffitap_library_destroy(library);
    counted_empty_folder();
    rmdir(counted_folder);
}

void counted_start(void)
{
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_statistics_start(counted_folder, &error), FFITAP_OK), "%s",
              error.text);
}

void counted_stop(void)
{
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_statistics_stop(&error), FFITAP_OK), "%s", error.text);
}

atomic_uint_fast64_t counted_calls_made;

void counted_check(bool holds)
{
    if (!holds)
        abort();
}

void counted_call(unsigned times)
{
    int argument = -3;

    atomic_fetch_add(&counted_calls_made, times);
    for (unsigned i = 0; i < times; i++)
        counted_check(ffitap_function_call(absolute, NULL, (void *[]){&argument}, 1, NULL) ==
                      FFITAP_OK);
}

const struct ffitap__statistics_header *counted_file(int pid, unsigned number)
{
    char path[96];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%d.%u" FFITAP__STATISTICS_SUFFIX, counted_folder, pid, number);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    cr_assert(eq(int, fstat(file, &status), 0));
    void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    cr_assert(ne(ptr, mapped, MAP_FAILED));
    return mapped;
}

const void *counted_at(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : NULL;
}

static uint64_t calls_of_thread(const struct ffitap__statistics_header *header,
                                const struct ffitap__statistics_thread *thread)
{
    uint64_t calls = 0;

    for (const struct ffitap__statistics_cell *cell = counted_at(header, thread->cells); cell;
         cell = counted_at(header, cell->link.next))
        calls += cell->kind == FFITAP__STATISTICS_CALLS ? cell->count : 0;
    return calls;
}

uint64_t counted_calls_in(unsigned number)
{
    const struct ffitap__statistics_header *header = counted_file(getpid(), number);
    uint64_t calls = 0;

    cr_assert(ne(ptr, (void *)header, NULL));
    for (const struct ffitap__statistics_thread *thread =
             counted_at(header, header->lists[FFITAP__STATISTICS_THREADS]);
         thread; thread = counted_at(header, thread->link.next))
        calls += calls_of_thread(header, thread);
    munmap((void *)header, header->capacity);
    return calls;
}

bool counted_is_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX];
    bool found = false;

    while (fgets(line, sizeof(line), maps))
        found = found || strstr(line, counted_folder);
    fclose(maps);
    return found;
}
