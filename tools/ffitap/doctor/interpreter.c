/*
 * ffitap doctor: interpreters. The module that makes the foreign calls is loaded by the program
 * that the interpreter runs, and only the interpreter itself can tell where it would find that
 * module. So the interpreter is asked; the program is not run.
 */
#include <stdlib.h>
#include <string.h>

#include "ffitap/doctor/ask.h"
#include "ffitap/doctor/compiled.h"
#include "ffitap/doctor/interpreter.h"
#include "ffitap/doctor/objects.h"
#include "tap/known/free_threading.h"

#define BUILT_IN         "built-in"
#define PATIENCE_SECONDS 20

/*
 * A question is answered in lines of words with tabs between them: "version VERSION", "module NAME
 * FILE", where FILE may be "built-in" or empty, "path DIRECTORY", and of a free-threaded Python
 * "without-lock MINOR", or "with-lock MINOR" if it has its lock all the same.
 */
struct language {
    const char *name;
    const char *file;     /* how its executable's name begins */
    const char *function; /* which the executable, or a library that it is linked with, defines */
    const char *lock;     /* the function that gives up its interpreter lock, or NULL */
    const char *option;   /* the option before a question; NULL: there is nothing to ask */
    const char *question;
};

#define PYTHON_QUESTION                                                                            \
    "import sys\n"                                                                                 \
    "try:\n"                                                                                       \
    "    from importlib.util import find_spec\n"                                                   \
    "    find = lambda name: getattr(find_spec(name), 'origin', None) or ''\n"                     \
    "except ImportError:\n"                                                                        \
    "    import imp\n"                                                                             \
    "    def find(name):\n"                                                                        \
    "        try: return imp.find_module(name)[1] or 'built-in'\n"                                 \
    "        except ImportError: return ''\n"                                                      \
    "def say(*words): sys.stdout.write('\\t'.join(words) + '\\n')\n"                               \
    "say('version', '%d.%d.%d' % sys.version_info[:3])\n"                                          \
    "for name in '_ctypes', '_cffi_backend': say('module', name, find(name))\n"                    \
    "for path in sys.path: say('path', path)\n"                                                    \
    "if 't' in getattr(sys, 'abiflags', ''):\n"                                                    \
    "    say('with-lock' if sys._is_gil_enabled() else 'without-lock', "                           \
    "str(sys.version_info[1]))\n"

#define RUBY_QUESTION                                                                              \
    "say = lambda { |*words| puts words.join(\"\\t\") };"                                          \
    "say['version', RUBY_VERSION];"                                                                \
    "find = lambda { |name| $LOAD_PATH.map { |at| \"#{at}/#{name}\" }.find { |file| "              \
    "File.file?(file) } };"                                                                        \
    "say['module', 'fiddle', find['fiddle.so']];"                                                  \
    "gem = defined?(Gem) && Gem::Specification.find_all_by_name('ffi').first;"                     \
    "$LOAD_PATH.concat(gem.full_require_paths) if gem;"                                            \
    "say['module', 'ffi', find['ffi_c.so']]"

#define PHP_QUESTION                                                                               \
    "$file = PHP_EXTENSION_DIR . '/ffi.so';"                                                       \
    "$there = extension_loaded('ffi') ? (is_file($file) ? $file : 'built-in') : '';"               \
    "echo \"version\\t\", PHP_VERSION, \"\\nmodule\\tFFI\\t$there\\n\";"

#define PERL_QUESTION                                                                              \
    "printf \"version\\t%vd\\n\", $^V;"                                                            \
    "my ($file) = grep { -f } map { \"$_/auto/FFI/Platypus/Platypus.so\" } @INC;"                  \
    "print \"module\\tFFI::Platypus\\t\", $file // '', \"\\n\";"

static const struct language languages[] = {
    {"Python", "python", "PyEval_SaveThread", "PyEval_SaveThread", "-c", PYTHON_QUESTION},
    {"Ruby", "ruby", "ruby_run_node", "rb_thread_call_without_gvl", "-e", RUBY_QUESTION},
    {"PHP", "php", "zend_parse_parameters", NULL, "-r", PHP_QUESTION},
    {"Perl", "perl", "perl_parse", NULL, "-e", PERL_QUESTION},
    {"Guile", "guile", "scm_boot_guile", NULL, NULL, NULL},
};

/* Shells make no foreign calls; what they start may. */
static const char *const shells[] = {"ash", "bash", "dash", "ksh", "sh", "zsh"};

static bool defines(const char *path, const char *function)
{
    struct ffitap_elf_file file;
    const bool does =
        !ffitap_elf_file_open(&file, path) && ffitap_elf_file_defines(&file, function);

    ffitap_elf_file_close(&file);
    return does;
}

/* The file that defines `function`: the executable, or a library that it is linked with. NULL:
 * none. */
static const char *find_definer(const struct ffitap_executable *executable, const char *function)
{
    if (defines(executable->path, function))
        return executable->path;
    for (guint i = 0; i < executable->linked.paths->len; i++) {
        const char *path = g_ptr_array_index(executable->linked.paths, i);
        if (defines(path, function))
            return path;
    }
    return NULL;
}

/*
 * Whether the shim hooks the function. If it does, the function's name is among the shim's strings.
 */
static bool is_hooked(const struct ffitap_executable *executable, const char *function)
{
    struct ffitap_elf_file shim;
    const bool is = !ffitap_elf_file_open(&shim, executable->parts->shim) &&
                    ffitap_elf_file_holds_string(&shim, function);

    ffitap_elf_file_close(&shim);
    return is;
}

static void look_at_lock(struct ffitap_findings *findings,
                         const struct ffitap_executable *executable,
                         const struct language *language, const char *path,
                         const struct ffitap_elf_file *file)
{
    const char *lock = language->lock;
    const char *definer = lock ? find_definer(executable, lock) : NULL;

    if (!lock)
        return;
    if (!is_hooked(executable, lock))
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "lock", NULL,
                            "%s's interpreter lock is not watched by this ffitap: calls are seen, "
                            "the wait for the lock is not",
                            language->name);
    else if (!ffitap_elf_file_has_slot(file, lock))
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "lock",
                            "use a build whose modules are files of their own",
                            "%s reaches %s without a relocation slot: its calls are seen, the wait "
                            "for the lock is not",
                            path, lock);
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "lock", NULL,
                            "%s is in the %s%s%s; %s gives the interpreter lock up through it, and "
                            "that is seen",
                            lock, definer == executable->path ? "executable" : "library",
                            definer == executable->path ? "" : " ",
                            definer == executable->path ? ""
                            : definer                   ? definer
                                                        : "that loads it",
                            path);
    ffitap_findings_name_file(findings, path);
}

static void say_free_threaded(struct ffitap_findings *findings, bool has_lock, const char *minor)
{
    const bool is_known = atoi(minor) <= FFITAP__FREE_THREADING_NEWEST;

    ffitap_findings_add(
        findings, is_known ? FFITAP_LEVEL_NOTE : FFITAP_LEVEL_WARNING, "lock", NULL,
        is_known ? "this Python is free-threaded, and %s; modules may turn it on, and each call is "
                   "told for what it then gave up"
                 : "this Python is free-threaded, and %s; of this version ffitap does not know "
                   "where it says so, and reports do not say for which calls it was on",
        has_lock ? "has its interpreter lock on" : "has no interpreter lock");
}

static void say_built_in(struct ffitap_findings *findings, const char *module, const char *path)
{
    ffitap_findings_add(
        findings, FFITAP_LEVEL_WARNING, module,
        "use a build with a shared libffi, as the distribution's is",
        "%s has a libffi built in: calls through it are not seen, loads and lookups "
        "are",
        path);
    ffitap_findings_name_file(findings, path);
}

static void say_shared(struct ffitap_findings *findings, const char *module, const char *path,
                       const struct ffitap_elf_file *file)
{
    struct ffitap_linked linked;

    ffitap_linked_init(&linked, path, NULL);
    ffitap_doctor_say_caller(findings, module, path, file, &linked);
    ffitap_linked_fini(&linked);
}

static void look_at_file(struct ffitap_findings *findings,
                         const struct ffitap_executable *executable,
                         const struct language *language, const char *module, const char *path)
{
    struct ffitap_elf_file file;
    const char *why = ffitap_elf_file_open(&file, path);

    if (why) {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, module, NULL,
                            "%s could not be looked at: %s", path, why);
        ffitap_findings_name_file(findings, path);
    } else if (ffitap_doctor_has_slot_of_call(&file)) {
        say_shared(findings, module, path, &file);
        look_at_lock(findings, executable, language, path, &file);
    } else {
        say_built_in(findings, module, path);
    }
    ffitap_elf_file_close(&file);
}

/* Looks at a module that is built in: it is in the executable, or in the library that holds the
 * interpreter. */
static void look_at_built_in(struct ffitap_findings *findings,
                             const struct ffitap_executable *executable,
                             const struct language *language, const char *module)
{
    const char *definer = find_definer(executable, language->function);

    look_at_file(findings, executable, language, module, definer ? definer : executable->path);
}

static void look_at_module(struct ffitap_findings *findings,
                           const struct ffitap_executable *executable,
                           const struct language *language, const char *module, const char *path)
{
    /* The name is part of the answer, and a subject must live longer than that. */
    const char *subject = g_intern_string(module);

    if (!*path)
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, subject, NULL,
                            "this %s has none: nothing is called through it", language->name);
    else if (strcmp(path, BUILT_IN) == 0)
        look_at_built_in(findings, executable, language, subject);
    else
        look_at_file(findings, executable, language, subject, path);
}

/* Whether this is one of Python's options that decide where it imports from and that take no
 * argument. */
static bool is_flag(const char *argument)
{
    return argument && argument[0] == '-' && argument[1] &&
           strspn(argument + 1, "BEIOPSbsu") == strlen(argument + 1);
}

/* The directory of the script comes first on Python's path; with -c, with -m or without a script it
 * is the working directory. */
static void add_own_directory(GPtrArray *path, const char *const *arguments, size_t first)
{
    const char *script = arguments[first];

    if (first > 1 && (strchr(arguments[1], 'I') || strchr(arguments[1], 'P')))
        return;
    if (script && *script != '-')
        g_ptr_array_add(path, g_path_get_dirname(script));
    else
        g_ptr_array_add(path, g_strdup("."));
}

static size_t count_flags(const struct ffitap_executable *executable)
{
    size_t count = 1;

    while (is_flag(executable->arguments[count]))
        count++;
    return count - 1;
}

/* Makes the command with which the interpreter is asked: those of its own arguments that matter,
 * and the question. `*words` is that command without the question, as one text. g_free() both. */
static const char **make_question(const struct ffitap_executable *executable,
                                  const struct language *language, size_t flags, char **words)
{
    const char **argv = g_new0(const char *, flags + 4);

    argv[0] = executable->path;
    for (size_t i = 1; i <= flags; i++)
        argv[i] = executable->arguments[i];
    argv[flags + 1] = language->option;
    *words = g_strjoinv(" ", (char **)argv);
    argv[flags + 2] = language->question;
    return argv;
}

static void read_answer(struct ffitap_findings *findings,
                        const struct ffitap_executable *executable, const struct language *language,
                        const char *asked, char **lines, GPtrArray *path)
{
    for (char **line = lines; *line; line++) {
        char **words = g_strsplit(*line, "\t", 3);
        const guint count = g_strv_length(words);
        if (count == 2 && strcmp(words[0], "version") == 0)
            ffitap_findings_add(findings, FFITAP_LEVEL_OK, "interpreter", NULL,
                                "%s %s; it was asked itself, by %s ...", language->name, words[1],
                                asked);
        else if (count == 3 && strcmp(words[0], "module") == 0)
            look_at_module(findings, executable, language, words[1], words[2]);
        else if (count == 2 && strcmp(words[0], "path") == 0 && *words[1])
            g_ptr_array_add(path, g_strdup(words[1]));
        else if (count == 2 && strcmp(words[0], "without-lock") == 0)
            say_free_threaded(findings, false, words[1]);
        else if (count == 2 && strcmp(words[0], "with-lock") == 0)
            say_free_threaded(findings, true, words[1]);
        g_strfreev(words);
    }
}

static void say_silent(struct ffitap_findings *findings, const char *path, const char *asked,
                       const struct ffitap_answer *answer)
{
    const char *errors = answer->errors && *answer->errors ? answer->errors : "it said nothing";

    ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "interpreter", "see whether it runs at all",
                        "%s ... did not answer: %.*s", asked, (int)strcspn(errors, "\n"), errors);
    ffitap_findings_name_file(findings, path);
}

static void ask(struct ffitap_findings *findings, const struct ffitap_executable *executable,
                const struct language *language)
{
    const bool is_python = strcmp(language->name, "Python") == 0;
    const size_t flags = is_python ? count_flags(executable) : 0;
    char *asked;
    const char **argv = make_question(executable, language, flags, &asked);
    GPtrArray *path = g_ptr_array_new_with_free_func(g_free);
    struct ffitap_answer answer;

    if (ffitap_ask(&answer, argv, NULL, PATIENCE_SECONDS)) {
        char **lines = g_strsplit(answer.output, "\n", 0);
        read_answer(findings, executable, language, asked, lines, path);
        g_strfreev(lines);
        if (is_python) {
            add_own_directory(path, executable->arguments, flags + 1);
            ffitap_doctor_compiled(findings, path);
        }
    } else {
        say_silent(findings, executable->path, asked, &answer);
    }
    ffitap_answer_fini(&answer);
    g_ptr_array_unref(path);
    g_free(argv);
    g_free(asked);
}

static void look_at_language(struct ffitap_findings *findings,
                             const struct ffitap_executable *executable,
                             const struct language *language, bool is_named)
{
    if (!is_named)
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "interpreter", NULL,
                            "%s has %s in it; what that imports was not looked at",
                            executable->path, language->name);
    else if (language->option)
        ask(findings, executable, language);
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "interpreter", NULL, "%s", language->name);
}

static bool is_shell(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(shells); i++)
        if (strcmp(name, shells[i]) == 0)
            return true;
    return false;
}

static void say_plain(struct ffitap_findings *findings, const struct ffitap_executable *executable,
                      const char *name)
{
    if (is_shell(name))
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "interpreter",
                            "name these to 'ffitap doctor', too",
                            "%s is a shell: the programs that it starts are traced as well, but "
                            "were not looked at",
                            executable->path);
    else if (executable->callers->len == 0)
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "libffi", NULL,
                            "nothing that %s is linked with calls through libffi; what it loads "
                            "later is seen if that does",
                            executable->path);
}

void ffitap_doctor_interpreter(struct ffitap_findings *findings,
                               const struct ffitap_executable *executable)
{
    char *target = realpath(executable->path, NULL);
    char *name = g_path_get_basename(executable->path);
    char *target_name = g_path_get_basename(target ? target : executable->path);
    bool found = false;

    for (size_t i = 0; i < G_N_ELEMENTS(languages) && !found; i++) {
        found = find_definer(executable, languages[i].function) != NULL;
        if (found)
            look_at_language(findings, executable, &languages[i],
                             g_str_has_prefix(name, languages[i].file) ||
                                 g_str_has_prefix(target_name, languages[i].file));
    }
    if (!found)
        say_plain(findings, executable, name);
    g_free(target_name);
    g_free(name);
    free(target);
}
