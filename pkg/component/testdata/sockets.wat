;; A guest that wants to reach the network. Its functions return 0, or
;; -1 - error-code.
(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (export "network" (type (sub resource)))
    (type $ec (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
      "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type (eq $ec)))
    (type $af (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $af)))))
  (alias export $network "network" (type $network-type))
  (alias export $network "error-code" (type $error-code))
  (alias export $network "ip-address-family" (type $ip-address-family))
  (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (alias outer 1 $network-type (type $n')) (export "network" (type $n (eq $n')))
    (export "instance-network" (func (result (own $n))))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type (sub resource)))))
  (alias export $tcp "tcp-socket" (type $tcp-socket))
  (import "wasi:sockets/udp@0.2.0" (instance $udp (export "udp-socket" (type (sub resource)))))
  (alias export $udp "udp-socket" (type $udp-socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create-tcp
    (alias outer 1 $error-code (type $e')) (export "error-code" (type $e (eq $e')))
    (alias outer 1 $ip-address-family (type $f')) (export "ip-address-family" (type $f (eq $f')))
    (alias outer 1 $tcp-socket (type $s')) (export "tcp-socket" (type $s (eq $s')))
    (export "create-tcp-socket" (func (param "address-family" $f) (result (result (own $s) (error $e)))))))
  (import "wasi:sockets/udp-create-socket@0.2.0" (instance $create-udp
    (alias outer 1 $error-code (type $e')) (export "error-code" (type $e (eq $e')))
    (alias outer 1 $ip-address-family (type $f')) (export "ip-address-family" (type $f (eq $f')))
    (alias outer 1 $udp-socket (type $s')) (export "udp-socket" (type $s (eq $s')))
    (export "create-udp-socket" (func (param "address-family" $f) (result (result (own $s) (error $e)))))))
  (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $lookup
    (alias outer 1 $error-code (type $e')) (export "error-code" (type $e (eq $e')))
    (alias outer 1 $network-type (type $n')) (export "network" (type $n (eq $n')))
    (export "resolve-address-stream" (type $a (sub resource)))
    (export "resolve-addresses" (func (param "network" (borrow $n)) (param "name" string)
      (result (result (own $a) (error $e)))))))
  (core module $memory (memory (export "memory") 1) (data (i32.const 0) "localhost"))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $m))
  (core func $make-tcp (canon lower (func $create-tcp "create-tcp-socket") (memory $m)))
  (core func $make-udp (canon lower (func $create-udp "create-udp-socket") (memory $m)))
  (core func $mine (canon lower (func $instance-network "instance-network")))
  (core func $resolve (canon lower (func $lookup "resolve-addresses") (memory $m)))
  (core module $main
    (import "" "memory" (memory 1))
    (import "" "tcp" (func $tcp (param i32 i32)))
    (import "" "udp" (func $udp (param i32 i32)))
    (import "" "mine" (func $mine (result i32)))
    (import "" "resolve" (func $resolve (param i32 i32 i32 i32)))
    (func $answer (result i32) ;; of the result at 64
      (if (result i32) (i32.load8_u (i32.const 64))
        (then (i32.sub (i32.const -1) (i32.load8_u (i32.const 68)))) (else (i32.const 0))))
    (func (export "tcp") (result i32) (call $tcp (i32.const 0) (i32.const 64)) (call $answer))
    (func (export "udp") (result i32) (call $udp (i32.const 1) (i32.const 64)) (call $answer))
    (func (export "localhost") (result i32)
      (call $resolve (call $mine) (i32.const 0) (i32.const 9) (i32.const 64)) (call $answer)))
  (core instance $i (instantiate $main (with "" (instance (export "memory" (memory $m))
    (export "tcp" (func $make-tcp)) (export "udp" (func $make-udp))
    (export "mine" (func $mine)) (export "resolve" (func $resolve))))))
  (func (export "tcp") (result s32) (canon lift (core func $i "tcp")))
  (func (export "udp") (result s32) (canon lift (core func $i "udp")))
  (func (export "localhost") (result s32) (canon lift (core func $i "localhost"))))
