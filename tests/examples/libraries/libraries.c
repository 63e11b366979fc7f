/*
 * A host that calls libm, libc and SQLite without being linked with them: it loads them by name and
 * says what their functions look like in C's own words.
 *
 *     cc libraries.c -o libraries $(pkg-config --cflags --libs ffitap)
 *     ffitap record ./libraries && ffitap report
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ffitap/ffitap.h>

/* What this host calls, and how the libraries declare it. */
enum { POW, DIV, CHDIR, OPEN, PREPARE, STEP, TEXT, FINALIZE, MESSAGE, CLOSE, COUNT };
static const struct {
    const char *library, *name, *prototype;
} wanted[COUNT] = {
    [POW] = {"libm.so.6", "pow", "double (double, double)"},
    [DIV] = {"libc.so.6", "div", "div_t (int, int)"},
    [CHDIR] = {"libc.so.6", "chdir", "int (const char *)"},
    [OPEN] = {"libsqlite3.so.0", "sqlite3_open", "int (const char *, sqlite3 **)"},
    [PREPARE] = {"libsqlite3.so.0", "sqlite3_prepare_v2",
                 "int (sqlite3 *, const char *, int, sqlite3_stmt **, const char **)"},
    [STEP] = {"libsqlite3.so.0", "sqlite3_step", "int (sqlite3_stmt *)"},
    [TEXT] = {"libsqlite3.so.0", "sqlite3_column_text", "const char *(sqlite3_stmt *, int)"},
    [FINALIZE] = {"libsqlite3.so.0", "sqlite3_finalize", "int (sqlite3_stmt *)"},
    [MESSAGE] = {"libsqlite3.so.0", "sqlite3_errmsg", "const char *(sqlite3 *)"},
    [CLOSE] = {"libsqlite3.so.0", "sqlite3_close", "int (sqlite3 *)"},
};
static struct ffitap_function *native[COUNT];

/* The first cause of a failure. What to do about a failure is the host's decision; this host says
 * why, and ends. */
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

/* Finds and types every function. Each belongs to its library, which belongs to its loader. */
static void find(struct ffitap_loader *own, const struct ffitap_names *types)
{
    for (int i = 0; i < COUNT; i++) {
        struct ffitap_loader *loader = i == CHDIR ? own : ffitap_cdll();
        struct ffitap_library *library = NULL;

        check(ffitap_loader_borrow_library(loader, wanted[i].library, &library, &error));
        check(ffitap_function_borrow(library, wanted[i].name, &native[i], &error));
        check(ffitap_function_declare(native[i], wanted[i].prototype, types, &error));
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
    const struct ffitap_type *number = ffitap_type_borrow(FFITAP_TYPE_INT);
    const struct ffitap_field fields[] = {{"quot", number}, {"rem", number}};
    struct ffitap_type *type = NULL;
    struct ffitap_names *types = NULL;
    struct ffitap_loader *own = NULL;

    /* Prototypes know a structure by the name that it gets here. */
    check(ffitap_type_create_struct(fields, 2, &type, &error));
    check(ffitap_names_create(&types, &error));
    check(ffitap_names_add(types, "div_t", type, &error));
    /* Calls of this loader's libraries keep their errno apart, where nothing that the host does can
     * change it. */
    check(ffitap_loader_create(FFITAP_CDLL, FFITAP_DEFAULT_MODE, FFITAP_USE_ERRNO, &own, &error));
    find(own, types);

    double two = 2, ten = 10, power;
    int dividend = 17, divisor = 5, status;
    div_t parts;
    const char *folder = "/no/such/folder", *path = ":memory:";
    void *database = NULL, *to_database = &database;

    CALL(POW, &power, &two, &ten);
    CALL(DIV, &parts, &dividend, &divisor);
    CALL(CHDIR, &status, &folder);
    printf("pow: %g; div: %d, remainder %d; chdir: %d, %s\n", power, parts.quot, parts.rem, status,
           strerror(ffitap_get_errno()));
    CALL(OPEN, &status, &path, &to_database);
    show(database, "values ('Emma'), ('Persuasion')");
    show(database, "select name from readers");
    CALL(CLOSE, &status, &database);

    ffitap_loader_destroy(own);
    ffitap_names_destroy(types);
    ffitap_type_destroy(type);
    return 0;
}
