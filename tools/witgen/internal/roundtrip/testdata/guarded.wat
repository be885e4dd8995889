;; A component of world test:things/guarded, by hand: it makes a secret of each name
;; that it gets, locks up all, and gives what the vault does. To build guarded.wasm
;; from it: go test -update.
(module
  (import "test:things/store@0.3.0" "[constructor]blob" (func $new (param i32 i32) (result i32)))
  (import "test:things/tokens@0.3.0" "[resource-drop]token" (func $drop (param i32)))
  (import "test:things/vault@0.3.0" "lock-up" (func $lock-up (param i32 i32 i32 i32)))

  ;; 1024..2047 takes the result, 2048..4095 the secrets.
  (memory (export "memory") 2)
  (global $at (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $p i32)
    (local.set $p (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
    (global.set $at (i32.add (local.get $p) (local.get 3)))
    (local.get $p))

  ;; A name takes 8 bytes, a secret 4.
  (func (export "guard") (param $names i32) (param $n i32) (param $key i32) (result i32)
    (local $i i32) (local $name i32)
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $i) (local.get $n)))
      (local.set $name (i32.add (local.get $names) (i32.shl (local.get $i) (i32.const 3))))
      (i32.store (i32.add (i32.const 2048) (i32.shl (local.get $i) (i32.const 2)))
        (call $new (i32.load (local.get $name)) (i32.load offset=4 (local.get $name))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (call $lock-up (i32.const 2048) (local.get $n) (local.get $key) (i32.const 1024))
    (call $drop (local.get $key))
    (i32.const 1024)))
