#include "report/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(struct ffitap__output *output)
{
    free(output->path);
    free(output->temporary);
    *output = (struct ffitap__output){0};
}

static bool is_written_in_place(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* Whether rename(2) could put a file there in the end. What it would refuse is refused now, before
 * there is anything to rename. */
static bool can_be_a_file(const char *path)
{
    struct stat status;

    errno = *path ? EISDIR : ENOENT;
    return *path && (stat(path, &status) != 0 || !S_ISDIR(status.st_mode));
}

/* Not mkstemp(3): the file is to have the mode that the umask gives. */
static FILE *open_beside(struct ffitap__output *output)
{
    if (asprintf(&output->temporary, "%s.%ld.new", output->path, (long)getpid()) < 0) {
        output->temporary = NULL;
        return NULL;
    }
    const int fd = open(output->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    FILE *stream = fdopen(fd, "w");
    if (!stream)
        close(fd);
    return stream;
}

int ffitap__output_open(struct ffitap__output *output, const char *path)
{
    *output = (struct ffitap__output){0};
    if (!path) {
        output->stream = stdout;
        return 0;
    }
    if (!can_be_a_file(path))
        return -1;
    if (is_written_in_place(path)) {
        output->stream = fopen(path, "we");
        return output->stream ? 0 : -1;
    }
    /* A symbolic link stays one: the file that it leads to is replaced. */
    output->path = realpath(path, NULL);
    if (!output->path)
        output->path = strdup(path);
    output->stream = output->path ? open_beside(output) : NULL;
    if (!output->stream) {
        const int saved = errno;
        forget(output);
        errno = saved;
        return -1;
    }
    return 0;
}

/* Standard output is flushed and stays open. */
static int finish_stream(FILE *stream)
{
    int failure = 0;

    if (fflush(stream) != 0)
        failure = errno;
    else if (ferror(stream))
        failure = EIO;
    if (stream != stdout && fclose(stream) != 0 && !failure)
        failure = errno;
    return failure;
}

int ffitap__output_commit(struct ffitap__output *output)
{
    int failure = finish_stream(output->stream);

    if (output->path) {
        if (!failure && rename(output->temporary, output->path) != 0)
            failure = errno;
        if (failure)
            unlink(output->temporary);
    }
    forget(output);
    errno = failure;
    return failure ? -1 : 0;
}

void ffitap__output_abandon(struct ffitap__output *output)
{
    const int saved = errno;

    if (output->stream && output->stream != stdout)
        fclose(output->stream);
    if (output->temporary)
        unlink(output->temporary);
    forget(output);
    errno = saved;
}
