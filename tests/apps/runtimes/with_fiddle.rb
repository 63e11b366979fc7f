# The same numbers from every runtime, this one Ruby's Fiddle: see e2e/runtime.py.
require "fiddle"

P = Fiddle::TYPE_VOIDP
I = Fiddle::TYPE_INT
L = Fiddle::TYPE_LONG
libc = Fiddle.dlopen("libc.so.6")
libm = Fiddle.dlopen("libm.so.6")
libz = Fiddle.dlopen("libz.so.1")
sqlite = Fiddle.dlopen("libsqlite3.so.0")

# Calls.
cos = Fiddle::Function.new(libm["cos"], [Fiddle::TYPE_DOUBLE], Fiddle::TYPE_DOUBLE)
crc32 = Fiddle::Function.new(libz["crc32"], [L, P, I], L)
usleep = Fiddle::Function.new(libc["usleep"], [I], I)
total = (0...100).sum { |i| cos.call(i.to_f) }
crc = 0
200.times { crc = crc32.call(crc, "ffitap", 6) }
5.times { usleep.call(2000) }

# Callbacks.
class Compare < Fiddle::Closure
  attr_reader :compared

  def call(one, other)
    @compared = (@compared || 0) + 1
    one[0, 4].unpack1("l") - other[0, 4].unpack1("l")
  end
end
compare = Compare.new(I, [P, P])
numbers = Fiddle::Pointer[(0...64).map { |i| i * 37 % 64 }.pack("l*")]
qsort = Fiddle::Function.new(libc["qsort"], [P, L, L, P], Fiddle::TYPE_VOID)
qsort.call(numbers, 64, 4, compare)

class Row < Fiddle::Closure
  attr_reader :rows

  def call(data, count, values, names)
    (@rows ||= []) << values.ptr.to_s
    0
  end
end
row = Row.new(I, [P, I, P, P])
open = Fiddle::Function.new(sqlite["sqlite3_open"], [P, P], I)
exec = Fiddle::Function.new(sqlite["sqlite3_exec"], [P, P, P, P, P], I)
close = Fiddle::Function.new(sqlite["sqlite3_close"], [P], I)
database = Fiddle::Pointer.malloc(8, Fiddle::RUBY_FREE)
open.call(":memory:", database)
["create table numbers (value)",
 "insert into numbers values (1), (2), (3), (5), (8)",
 "select value from numbers"].each { |statement| exec.call(database.ptr, statement, row, nil, nil) }
close.call(database.ptr)

# A function that is to keep the lock.
if ARGV == ["--keep-lock"]
  abs = Fiddle::Function.new(libc["abs"], [I], I, need_gvl: true)
  10.times { abs.call(-1) }
end

# Failures.
begin
  libc["ffitap_no_such_function"]
rescue Fiddle::DLError
end
begin
  Fiddle.dlopen("libffitap-does-not-exist.so.1")
rescue Fiddle::DLError
end

printf("%.4f %08x %d %s\n", total, crc, compare.compared, row.rows.join(","))
