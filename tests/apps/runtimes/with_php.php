<?php
// The same numbers from every runtime, this one PHP's FFI: see e2e/runtime.py.

$libc = FFI::cdef('
    int usleep(unsigned int);
    void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
', 'libc.so.6');
$libm = FFI::cdef('double cos(double);', 'libm.so.6');
$libz = FFI::cdef('unsigned long crc32(unsigned long, const char *, unsigned int);', 'libz.so.1');
$sqlite = FFI::cdef('
    int sqlite3_open(const char *, void **);
    int sqlite3_exec(void *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    int sqlite3_close(void *);
', 'libsqlite3.so.0');

// Calls.
$total = 0;
for ($i = 0; $i < 100; $i++)
    $total += $libm->cos($i);
$crc = 0;
for ($i = 0; $i < 200; $i++)
    $crc = $libz->crc32($crc, 'ffitap', 6);
for ($i = 0; $i < 5; $i++)
    $libc->usleep(2000);

// Callbacks.
$compared = 0;
$numbers = FFI::new('int[64]');
for ($i = 0; $i < 64; $i++)
    $numbers[$i] = $i * 37 % 64;
$libc->qsort(FFI::addr($numbers), 64, 4, function ($one, $other) use (&$compared) {
    $compared++;
    return FFI::cast('int *', $one)[0] - FFI::cast('int *', $other)[0];
});

$rows = [];
$row = function ($data, $count, $values, $names) use (&$rows) {
    $rows[] = FFI::string($values[0]);
    return 0;
};
$database = FFI::new('void *');
$sqlite->sqlite3_open(':memory:', FFI::addr($database));
foreach ([
    'create table numbers (value)',
    'insert into numbers values (1), (2), (3), (5), (8)',
    'select value from numbers',
] as $statement)
    $sqlite->sqlite3_exec($database, $statement, $row, null, null);
$sqlite->sqlite3_close($database);

// Failures.
try {
    FFI::cdef('void ffitap_no_such_function(void);', 'libc.so.6');
} catch (FFI\Exception $error) {
}
try {
    FFI::cdef('int abs(int);', 'libffitap-does-not-exist.so.1');
} catch (FFI\Exception $error) {
}

printf("%.4f %08x %d %s\n", $total, $crc, $compared, implode(',', $rows));
