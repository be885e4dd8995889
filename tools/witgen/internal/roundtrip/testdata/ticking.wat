;; A component of world test:nested/ticking, by hand: it gives one more than its
;; host. To build ticking.wasm from it: go test -update.
(module
  (import "test:nested/tick@0.2.0" "tick" (func $tick (param i32) (result i32)))
  (import "test:nested/tick@0.2.0" "note" (func $note (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "test:nested/tick@0.2.0#tick") (param i32) (result i32)
    (i32.add (call $tick (local.get 0)) (i32.const 1)))
  ;; The new time is the first field.
  (func (export "test:nested/tick@0.2.0#note") (param i32) (result i32)
    (call $note (local.get 0) (i32.const 16))
    (i32.store16 (i32.const 16) (i32.add (i32.load16_u (i32.const 16)) (i32.const 1)))
    (i32.const 16)))
