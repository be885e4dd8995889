;; A component of world test:things/renamed, by hand: it gives back what it gets
;; without the first byte. To build renamed.wasm from it: go test -update.
(module
  (memory (export "memory") 1)
  (global $at (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $at))
    (global.set $at (i32.add (local.get $p) (local.get 3)))
    (local.get $p))
  (func (export "resend") (param i32 i32) (result i32)
    (i32.store (i32.const 0) (i32.add (local.get 0) (i32.const 1)))
    (i32.store (i32.const 4) (i32.sub (local.get 1) (i32.const 1)))
    (i32.const 0)))
