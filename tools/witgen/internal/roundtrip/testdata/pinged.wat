;; A component of world test:things/pinged, by hand: it gives back what it gets. To
;; build pinged.wasm from it: go test -update.
(module
  (memory (export "memory") 1)
  (global $at (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $at))
    (global.set $at (i32.add (local.get $p) (local.get 3)))
    (local.get $p))
  (func (export "send") (param i32 i32) (result i32)
    (i32.store (i32.const 0) (local.get 0))
    (i32.store (i32.const 4) (local.get 1))
    (i32.const 0)))
