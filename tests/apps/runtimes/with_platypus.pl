# The same numbers from every runtime, this one Perl's FFI::Platypus: see e2e/runtime.py.
use strict;
use warnings;
use FFI::Platypus 2.00;

sub library
{
    return FFI::Platypus->new(api => 2, lib => shift);
}

my $libc = library("libc.so.6");
my $libm = library("libm.so.6");
my $libz = library("libz.so.1");
my $sqlite = library("libsqlite3.so.0");

# Calls.
my $cos = $libm->function(cos => ["double"] => "double");
my $crc32 = $libz->function(crc32 => ["ulong", "string", "uint"] => "ulong");
my $usleep = $libc->function(usleep => ["uint"] => "int");
my ($total, $crc) = (0, 0);
$total += $cos->call($_) for 0 .. 99;
$crc = $crc32->call($crc, "ffitap", 6) for 1 .. 200;
$usleep->call(2000) for 1 .. 5;

# Callbacks.
sub integer_at
{
    return unpack("l", unpack("P4", pack("Q", shift)));
}

my $compared = 0;
my $compare = $libc->closure(sub {
    my ($one, $other) = @_;
    $compared++;
    return integer_at($one) - integer_at($other);
});
$libc->type("(opaque, opaque)->int" => "compare");
my @numbers = map { $_ * 37 % 64 } 0 .. 63;
$libc->function(qsort => ["int[64]", "size_t", "size_t", "compare"] => "void")
    ->call(\@numbers, 64, 4, $compare);

my @rows;
my $row = $sqlite->closure(sub {
    my ($data, $count, $values, $names) = @_;
    push @rows, unpack("p", unpack("P8", pack("Q", $values)));
    return 0;
});
$sqlite->type("(opaque, int, opaque, opaque)->int" => "row");
my $database;
$sqlite->function(sqlite3_open => ["string", "opaque*"] => "int")->call(":memory:", \$database);
my $exec = $sqlite->function(sqlite3_exec => ["opaque", "string", "row", "opaque", "opaque"] => "int");
$exec->call($database, $_, $row, undef, undef)
    for "create table numbers (value)",
        "insert into numbers values (1), (2), (3), (5), (8)",
        "select value from numbers";
$sqlite->function(sqlite3_close => ["opaque"] => "int")->call($database);

# Failures.
$libc->find_symbol("ffitap_no_such_function");
library("libffitap-does-not-exist.so.1")->find_symbol("abs");

printf("%.4f %08x %d %s\n", $total, $crc, $compared, join(",", @rows));
