;; A component of world test:calls/both, by hand: it passes the helper on to its
;; host, and gives fixed results elsewhere. To build guest.wasm from it:
;;
;;   wasm-tools component embed --world both ../../witgen/testdata/wit/calls guest.wat |
;;     wasm-tools component new -o guest.wasm
(module
  (import "test:calls/helper" "note" (func $note (param i32 i32 i32)))
  (import "test:calls/helper" "ask" (func $ask
    (param i32 i32 i32 i32 i32 i64 i32 i32 i32 i64 f32 f64 i32 i32 i32 i32)))
  (import "test:calls/helper" "tell" (func $tell (param i32)))
  (import "test:calls/helper" "plain" (func $plain (result i32)))

  (memory (export "memory") 2)
  ;; 0..1023 is nothing but zeros, 1024..2047 takes results.
  (data (i32.const 2048) "too long, says the guest")
  (data (i32.const 2080) "\00\02")
  (global $at (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $p i32)
    (local.set $p (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
    (global.set $at (i32.add (local.get $p) (local.get 3)))
    (local.get $p))

  (func (export "test:calls/helper#note") (param i32 i32 i32)
    (call $note (local.get 0) (local.get 1) (local.get 2)))
  (func (export "test:calls/helper#ask")
    (param i32 i32 i32 i32 i32 i64 i32 i32 i32 i64 f32 f64 i32 i32 i32) (result i32)
    (call $ask (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
      (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9) (local.get 10)
      (local.get 11) (local.get 12) (local.get 13) (local.get 14) (i32.const 1024))
    (i32.const 1024))
  (func (export "test:calls/helper#tell") (result i32)
    (call $tell (i32.const 1024))
    (i32.const 1024))
  (func (export "test:calls/helper#plain") (result i32) (call $plain))

  (func (export "test:calls/worker#nothing"))
  (func (export "test:calls/worker#echo") (param i32 i32) (result i32)
    (i32.store (i32.const 1024) (local.get 0))
    (i32.store (i32.const 1028) (local.get 1))
    (i32.const 1024))
  ;; The last parameter, an order, is at offset 88 of the spilled parameters.
  (func (export "test:calls/worker#all") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 88)))
  (func (export "test:calls/worker#pair") (param i32 i32 i32) (result i32)
    (i32.store (i32.const 1024) (local.get 1))
    (i32.store (i32.const 1028) (local.get 2))
    (i32.store8 (i32.const 1032) (local.get 0))
    (i32.const 1024))
  ;; None.
  (func (export "test:calls/worker#maybe") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "test:calls/worker#maybe-choice")
    (param i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i64 f32 f64 i32 i32 i32) (result i32)
    (i32.const 0))
  ;; No elements.
  (func (export "test:calls/worker#many") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "test:calls/worker#inner") (param i32 i32) (result i32) (i32.const 0))
  (func (export "test:calls/worker#numbers") (result f32) (f32.const 1.5))
  (func (export "test:calls/worker#truth") (result i32) (i32.const 1))
  (func (export "test:calls/worker#mark") (result i32) (i32.const 2))

  (func (export "test:calls/worker#plain") (result i32) (i32.const 1))
  (func $failed (result i32)
    (i32.store8 (i32.const 1024) (i32.const 1))
    (i32.const 1024))
  (func (export "test:calls/worker#only-ok") (result i32) (call $failed))
  ;; too-many(7)
  (func (export "test:calls/worker#only-error") (result i32)
    (i32.store8 (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1040) (i32.const 7))
    (call $failed))
  ;; A list of the order's id, which is the first field of the spilled parameter.
  (func (export "test:calls/worker#both") (param i32) (result i32)
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1032) (local.get 0))
    (i32.store (i32.const 1036) (i32.const 1))
    (i32.const 1024))
  ;; never
  (func (export "test:calls/worker#enum-error") (result i32)
    (i32.store8 (i32.const 1028) (i32.const 1))
    (call $failed))
  (func (export "test:calls/worker#record-error") (result i32)
    (i32.store (i32.const 1032) (i32.const 2048))
    (i32.store (i32.const 1036) (i32.const 8))
    (i64.store (i32.const 1040) (i64.const 9))
    (call $failed))
  ;; hot
  (func (export "test:calls/worker#flags-error") (result i32)
    (i32.store8 (i32.const 1025) (i32.const 2))
    (call $failed))
  (func (export "test:calls/worker#text-error") (result i32)
    (i32.store (i32.const 1028) (i32.const 2048))
    (i32.store (i32.const 1032) (i32.const 24))
    (call $failed))
  ;; not-begun, done
  (func (export "test:calls/worker#list-error") (result i32)
    (i32.store (i32.const 1028) (i32.const 2080))
    (i32.store (i32.const 1032) (i32.const 2))
    (call $failed)))
