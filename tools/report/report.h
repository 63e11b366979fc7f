/* The report generator: a recording's directory in, a report out. */
#ifndef FFITAP_TOOLS_REPORT_REPORT_H
#define FFITAP_TOOLS_REPORT_REPORT_H

struct ffitap_report_format;

struct ffitap_report_options {
    const char *directory;
    const char *output; /* a file; NULL: standard output */
    /* NULL: the format that the end of the output's name asks for, or else the table for people. */
    const struct ffitap_report_format *format;
};

/* The format of that name, "table" or "json"; NULL if there is none. */
const struct ffitap_report_format *ffitap_report_format(const char *name);

/*
 * Writes the report of a recording. Returns the program's exit status: 0, or FFITAP_EXIT_FAILED
 * after a message on standard error, and then no output file appears. A damaged recording is
 * reported as far as it can be read, and the report says what is missing.
 */
int ffitap_report_run(const struct ffitap_report_options *options);

#endif
