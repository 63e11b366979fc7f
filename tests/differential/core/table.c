#include "table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader {
    FILE *file;
    int number;
    char *text; /* the line that was read last */
    size_t size;
};

void table_error(int line, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "run_core: line %d: ", line);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    _exit(2);
}

struct block {
    struct block *next;
    max_align_t memory[];
};
static struct block *blocks;

void *allocate(size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (!block)
        table_error(0, "no memory");
    block->next = blocks;
    blocks = block;
    return block->memory;
}

void *append(const void *array, size_t count, size_t size)
{
    void *longer = allocate((count + 1) * size);

    return count ? memcpy(longer, array, count * size) : longer;
}

char *copy_text(const char *text, size_t length)
{
    return memcpy(allocate(length + 1), text, length);
}

static char unescape(char c)
{
    return c == 'n' ? '\n' : c == '0' ? '\0' : c;
}

/* Takes the next word off `*text`: up to a space outside quotes, with the quotes taken away. */
static char *next_word(char **text)
{
    char *from = *text + strspn(*text, " ");
    bool quoted = false;

    if (!*from)
        return NULL;
    char *word = from, *to = from;
    for (; *from && (quoted || *from != ' '); from++) {
        if (*from == '"')
            quoted = !quoted;
        else if (quoted && *from == '\\' && from[1])
            *to++ = unescape(*++from);
        else
            *to++ = *from;
    }
    *text = *from ? from + 1 : from;
    *to = '\0';
    return word;
}

static void split(struct line *line, char *text)
{
    char *word;

    while ((word = next_word(&text))) {
        line->words = append(line->words, line->count, sizeof(*line->words));
        line->words[line->count++] = word;
    }
}

static bool starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The next line that says something, without the space around it; NULL at the end. */
static const char *next_line(struct reader *reader)
{
    while (getline(&reader->text, &reader->size, reader->file) >= 0) {
        reader->number++;
        char *text = reader->text + strspn(reader->text, " ");
        size_t length = strlen(text);

        while (length > 0 && isspace((unsigned char)text[length - 1]))
            text[--length] = '\0';
        if (*text && *text != '#' && !starts(text, "here:") && !starts(text, "words:"))
            return text;
    }
    return NULL;
}

/* Reads the lines up to "end", to the next case or to the end of the file; true if the next case
 * has begun. */
static bool read_body(struct reader *reader, struct line *parent)
{
    const char *text;

    while ((text = next_line(reader))) {
        if (starts(text, "case "))
            return true;
        if (strcmp(text, "end") == 0)
            return false;
        parent->body = append(parent->body, parent->body_count, sizeof(*parent->body));
        struct line *line = &parent->body[parent->body_count++];
        line->number = reader->number;
        split(line, copy_text(text, strlen(text)));
        const char *command = line->words[0];
        if ((strcmp(command, "callback") == 0 || strcmp(command, "errcheck") == 0 ||
             strcmp(command, "thread") == 0) &&
            read_body(reader, line))
            table_error(line->number, "%s has no end", command);
    }
    return false;
}

struct table *table_read(const char *path)
{
    struct table *table = allocate(sizeof(*table));
    struct reader reader = {.file = fopen(path, "r")};
    const char *text = NULL;

    if (!reader.file || !(text = next_line(&reader)) || !starts(text, "case "))
        table_error(reader.number, "%s does not start with a case", path);
    for (bool more = true; more;) {
        table->cases = append(table->cases, table->count, sizeof(*table->cases));
        struct line *one = &table->cases[table->count++];

        one->number = reader.number;
        more = read_body(&reader, one);
    }
    free(reader.text);
    fclose(reader.file);
    return table;
}
