;;! component_model_async = true
;; Words of the asynchronous half in a comment, a string or a name ask for nothing: stream.new
(component $plain
  (core module $m (func $future (export "stream") (result i32) (i32.const 1)) (func (export "t") unreachable))
  (core instance $async (instantiate $m))
  (func (export "async") (result u32) (canon lift (core func $async "stream")))
  (func (export "t") (canon lift (core func $async "t"))))
(assert_return (invoke "async") (u32.const 1))
(assert_trap (invoke "t") "wasm trap: unreachable")

;; What a component needs its instances need, what is called of them, and what imports them.
(component definition $D
  (core module $m (func (export "f") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (type $s (stream u8))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
(component instance $d $D)
(register "d" $d)
(assert_return (invoke $d "f") (u32.const 1))
(component (import "d" (instance (export "f" (func (result u32))))))

(assert_invalid (component (type (future string)) (export "x" (func 0))) "unknown func")
(assert_malformed (component quote "(type (future u8)" "oops)") "unexpected token")
(component (import "f" (func async)))
(assert_invalid (component (export "async" (func 0))) "unknown func")
(assert_unlinkable (component (import "stream" (func))) "was not found")
