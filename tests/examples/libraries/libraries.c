/*
 * A host that calls libm, libc and SQLite without being linked with them: it loads them by name and
 * says what their functions take and give.
 *
 *     cc libraries.c -o libraries $(pkg-config --cflags --libs ffitap)
 *     ffitap record ./libraries && ffitap report
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ffitap/ffitap.h>

/* What this host calls, and how the libraries declare it: the result, then the arguments. */
enum { POW, CHDIR, OPEN, PREPARE, STEP, TEXT, FINALIZE, MESSAGE, CLOSE, COUNT };
#define POINTER FFITAP_TYPE_POINTER
#define STRING  FFITAP_TYPE_STRING
#define INT     FFITAP_TYPE_INT
#define DOUBLE  FFITAP_TYPE_DOUBLE
static const struct {
    const char *library, *name;
    enum ffitap_basic_type result, arguments[6]; /* ends with FFITAP_TYPE_VOID */
} wanted[COUNT] = {
    [POW] = {"libm.so.6", "pow", DOUBLE, {DOUBLE, DOUBLE}},
    [CHDIR] = {"libc.so.6", "chdir", INT, {STRING}},
    [OPEN] = {"libsqlite3.so.0", "sqlite3_open", INT, {STRING, POINTER}},
    [PREPARE] = {"libsqlite3.so.0",
                 "sqlite3_prepare_v2",
                 INT,
                 {POINTER, STRING, INT, POINTER, POINTER}},
    [STEP] = {"libsqlite3.so.0", "sqlite3_step", INT, {POINTER}},
    [TEXT] = {"libsqlite3.so.0", "sqlite3_column_text", STRING, {POINTER, INT}},
    [FINALIZE] = {"libsqlite3.so.0", "sqlite3_finalize", INT, {POINTER}},
    [MESSAGE] = {"libsqlite3.so.0", "sqlite3_errmsg", STRING, {POINTER}},
    [CLOSE] = {"libsqlite3.so.0", "sqlite3_close", INT, {POINTER}},
};
static struct ffitap_function *native[COUNT];

/* The first cause of a failure. What it means is up to the host: this one says why and ends. */
static struct ffitap_error error;

static void check(enum ffitap_status status)
{
    if (status == FFITAP_OK)
        return;
    fprintf(stderr, "libraries: %s: %s\n", ffitap_status_text(status), error.text);
    exit(1);
}

/* A call takes addresses: of what gets the result, and of each argument. */
#define CALL(which, result, ...)                                                                   \
    check(ffitap_function_call(native[which], result, (void *[]){__VA_ARGS__},                     \
                               sizeof((void *[]){__VA_ARGS__}) / sizeof(void *), &error))

/* Finds and types every function. It belongs to its library, and that to its loader. */
static void find(struct ffitap_loader *own)
{
    for (int i = 0; i < COUNT; i++) {
        struct ffitap_loader *loader = i == CHDIR ? own : ffitap_cdll();
        struct ffitap_library *library = NULL;
        const struct ffitap_type *types[5];
        size_t count = 0;

        check(ffitap_loader_borrow_library(loader, wanted[i].library, &library, &error));
        check(ffitap_function_borrow(library, wanted[i].name, &native[i], &error));
        check(ffitap_function_set_result(native[i], ffitap_type_borrow(wanted[i].result), &error));
        for (; wanted[i].arguments[count] != FFITAP_TYPE_VOID; count++)
            types[count] = ffitap_type_borrow(wanted[i].arguments[count]);
        check(ffitap_function_set_arguments(native[i], types, count, &error));
    }
}

/* Prints the first column of what `query` gives, or why it gives nothing. */
static void show(void *database, const char *query)
{
    enum { OK = 0, ROW = 100, DONE = 101 }; /* SQLite's */
    void *statement = NULL, *to_statement = &statement, *nothing = NULL;
    int status, whole = -1, first = 0;
    const char *text;

    CALL(PREPARE, &status, &database, &query, &whole, &to_statement, &nothing);
    if (status == OK)
        while (CALL(STEP, &status, &statement), status == ROW) {
            CALL(TEXT, &text, &statement, &first);
            printf("sqlite3: %s\n", text);
        }
    if (status != DONE) {
        CALL(MESSAGE, &text, &database);
        printf("sqlite3: error: %s\n", text);
    }
    CALL(FINALIZE, &status, &statement);
}

int main(void)
{
    struct ffitap_loader *own = NULL;

    /* Calls of its libraries leave their errno apart, safe from all that the host does then. */
    check(ffitap_loader_create(FFITAP_CDLL, FFITAP_DEFAULT_MODE, FFITAP_USE_ERRNO, &own, &error));
    find(own);

    double two = 2, ten = 10, power;
    int status;
    const char *folder = "/no/such/folder", *path = ":memory:";
    void *database = NULL, *to_database = &database;

    CALL(POW, &power, &two, &ten);
    CALL(CHDIR, &status, &folder);
    printf("pow: %g; chdir: %d, %s\n", power, status, strerror(ffitap_get_errno()));
    CALL(OPEN, &status, &path, &to_database);
    show(database, "values ('Emma'), ('Persuasion')");
    show(database, "select name from readers");
    CALL(CLOSE, &status, &database);

    ffitap_loader_destroy(own);
    return 0;
}
