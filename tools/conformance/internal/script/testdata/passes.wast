;; Each directive does what it says. (; Comments (; nest ;) ;)
(component $math
  (core module $m
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "trap") unreachable)
    (func (export "id32") (param f32) (result f32) (local.get 0))
    (func (export "id64") (param i64) (result i64) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func (export "f32") (param "a" f32) (result f32) (canon lift (core func $i "id32")))
  (func (export "s64") (param "a" s64) (result s64) (canon lift (core func $i "id64"))))
(assert_return (invoke "add" (u32.const 0xff) (u32.const 1_000)) (u32.const 1255))
(assert_return (invoke "f32" (f32.const -0.0)) (f32.const -0.0))
(assert_return (invoke "f32" (f32.const nan)) (f32.const nan:canonical))
(assert_return (invoke "s64" (s64.const -9223372036854775808)) (s64.const -9223372036854775808))
(invoke "add" (u32.const 1) (u32.const 2))
(assert_trap (invoke "trap") "unreachable")
;; A trap ends the instance.
(assert_trap (invoke "add" (u32.const 1) (u32.const 2)) "cannot enter component instance")

;; Values of several fields, by their place in memory.
(component
  (core module $m
    (memory (export "mem") 1)
    (data (i32.const 0) "\10\00\00\00\05\00\00\00")
    (data (i32.const 16) "sa\c3\bade")
    (data (i32.const 32) "\01\00\00\00\2a\00\00\00")
    (data (i32.const 48) "\40\00\00\00\03\00\00\00\07\08\09")
    (data (i32.const 64) "\07\08\09")
    (func (export "text") (result i32) (i32.store (i32.const 4) (i32.const 6)) (i32.const 0))
    (func (export "maybe") (result i32) (i32.const 32))
    (func (export "bytes") (result i32) (i32.const 48))
    (func (export "pick") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "text") (result string) (canon lift (core func $i "text") (memory $i "mem")))
  (func (export "maybe") (result (option u32)) (canon lift (core func $i "maybe") (memory $i "mem")))
  (func (export "outcome") (result (result u32 (error u32))) (canon lift (core func $i "maybe") (memory $i "mem")))
  (func (export "pair") (result (tuple u32 u8)) (canon lift (core func $i "maybe") (memory $i "mem")))
  (func (export "bytes") (result (list u8)) (canon lift (core func $i "bytes") (memory $i "mem")))
  (type $f' (flags "a" "b" "c"))
  (export $f "f" (type $f'))
  (func (export "flags") (param "x" $f) (result $f) (canon lift (core func $i "pick")))
  (type $e' (enum "red" "green"))
  (export $e "e" (type $e'))
  (func (export "enum") (param "x" $e) (result $e) (canon lift (core func $i "pick")))
  (func (export "char") (param "x" char) (result char) (canon lift (core func $i "pick")))
  (func (export "bool") (param "x" bool) (result bool) (canon lift (core func $i "pick"))))
(assert_return (invoke "text") (str.const "sa\u{fa}de"))
(assert_return (invoke "maybe") (option.some (u32.const 42)))
(assert_return (invoke "outcome") (result.err (u32.const 42)))
(assert_return (invoke "pair") (tuple.const (u32.const 1) (u8.const 42)))
(assert_return (invoke "bytes") (list.const (u8.const 7) (u8.const 8) (u8.const 9)))
(assert_return (invoke "flags" (flags.const "a" "c")) (flags.const "c" "a"))
(assert_return (invoke "enum" (enum.const "green")) (enum.const "green"))
(assert_return (invoke "char" (char.const "\u{1f9ea}")) (char.const "🧪"))
(assert_return (invoke "bool" (bool.const true)) (bool.const true))

;; A definition is made into several instances, each with its own state.
(component definition $counter
  (core module $m
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n)))
  (core instance $i (instantiate $m))
  (func (export "next") (result u32) (canon lift (core func $i "next"))))
(component instance $one $counter)
(component instance $two $counter)
(assert_return (invoke $one "next") (u32.const 1))
(assert_return (invoke $one "next") (u32.const 2))
(assert_return (invoke $two "next") (u32.const 1))

;; What an instance exports another component imports, by its name or one that
;; register gives.
(register "counter" $two)
(component
  (import "counter" (instance $c (export "next" (func (result u32)))))
  (core func $next (canon lower (func $c "next")))
  (core module $m
    (import "" "next" (func $next (result i32)))
    (func (export "twice") (result i32) (drop (call $next)) (call $next)))
  (core instance $i (instantiate $m (with "" (instance (export "next" (func $next))))))
  (func (export "twice") (result u32) (canon lift (core func $i "twice"))))
(assert_return (invoke "twice") (u32.const 3))

;; A resource of one component's in the hands of another.
(component $boxes
  (type $r' (resource (rep i32)))
  (export $r "box" (type $r'))
  (core func $new (canon resource.new $r))
  (core module $m
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "[constructor]box") (param "v" u32) (result (own $r)) (canon lift (core func $new)))
  (func (export "[method]box.get") (param "self" (borrow $r)) (result u32) (canon lift (core func $i "get"))))
(component
  (import "boxes" (instance $b
    (export "box" (type $r (sub resource)))
    (export "[constructor]box" (func (param "v" u32) (result (own $r))))
    (export "[method]box.get" (func (param "self" (borrow $r)) (result u32)))))
  (alias export $b "box" (type $r))
  (core func $new (canon lower (func $b "[constructor]box")))
  (core func $get (canon lower (func $b "[method]box.get")))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "run") (result i32) (local $h i32) (local $v i32)
      (local.set $h (call $new (i32.const 42)))
      (local.set $v (call $get (local.get $h)))
      (call $drop (local.get $h))
      (local.get $v)))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "get" (func $get)) (export "drop" (func $drop))))))
  (func (export "run") (result u32) (canon lift (core func $i "run"))))
(assert_return (invoke "run") (u32.const 42))

(assert_invalid (component (export "x" (func 0))) "unknown func")
(assert_malformed (component quote "(core module" " oops)") "unexpected token")
(assert_unlinkable (component (import "nowhere" (func))) "was not found")
(assert_trap
  (component
    (core module $m (func $f unreachable) (start $f))
    (core instance (instantiate $m)))
  "unreachable")
