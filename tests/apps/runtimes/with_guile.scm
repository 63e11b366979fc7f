;;; The same numbers from every runtime, this one Guile: see e2e/runtime.py.
(use-modules (system foreign) (ice-9 format) (rnrs bytevectors))

(define libc (dynamic-link "libc.so.6"))
(define libm (dynamic-link "libm.so.6"))
(define libz (dynamic-link "libz.so.1"))
(define sqlite (dynamic-link "libsqlite3.so.0"))

(define (function library name result arguments)
  (pointer->procedure result (dynamic-func name library) arguments))

;;; Calls.
(define cos* (function libm "cos" double (list double)))
(define crc32 (function libz "crc32" unsigned-long (list unsigned-long '* unsigned-int)))
(define usleep* (function libc "usleep" int (list unsigned-int)))

(define total
  (let loop ((i 0) (sum 0))
    (if (= i 100) sum (loop (+ i 1) (+ sum (cos* i))))))
(define text (string->pointer "ffitap"))
(define crc
  (let loop ((i 0) (crc 0))
    (if (= i 200) crc (loop (+ i 1) (crc32 crc text 6)))))
(do ((i 0 (+ i 1))) ((= i 5)) (usleep* 2000))

;;; Callbacks.
(define compared 0)
(define (integer-at pointer)
  (bytevector-s32-native-ref (pointer->bytevector pointer 4) 0))
(define (compare one other)
  (set! compared (+ compared 1))
  (- (integer-at one) (integer-at other)))
(define numbers (make-bytevector (* 64 4)))
(do ((i 0 (+ i 1))) ((= i 64))
  (bytevector-s32-native-set! numbers (* 4 i) (modulo (* i 37) 64)))
((function libc "qsort" void (list '* size_t size_t '*))
 (bytevector->pointer numbers) 64 4 (procedure->pointer int compare (list '* '*)))

(define rows '())
(define (row data count values names)
  (set! rows (append rows (list (pointer->string (dereference-pointer values)))))
  0)
(define row-pointer (procedure->pointer int row (list '* int '* '*)))
(define database (make-bytevector 8 0))
((function sqlite "sqlite3_open" int (list '* '*))
 (string->pointer ":memory:") (bytevector->pointer database))
(define handle (dereference-pointer (bytevector->pointer database)))
(define exec (function sqlite "sqlite3_exec" int (list '* '* '* '* '*)))
(for-each
 (lambda (statement)
   (exec handle (string->pointer statement) row-pointer %null-pointer %null-pointer))
 '("create table numbers (value)"
   "insert into numbers values (1), (2), (3), (5), (8)"
   "select value from numbers"))
((function sqlite "sqlite3_close" int (list '*)) handle)

;;; Failures.
(false-if-exception (dynamic-func "ffitap_no_such_function" libc))
(false-if-exception (dynamic-link "libffitap-does-not-exist.so.1"))

(format #t "~,4f ~8,'0x ~d ~a\n" total crc compared (string-join rows ","))
