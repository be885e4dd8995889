package outboundtest

import "fmt"

// Import is the text by which a component imports hygia:host/outbound-http, as $http.
const Import = `
  (import "hygia:host/outbound-http@0.1.0" (instance $http
    (type $m (enum "get" "head" "post" "put" "patch" "delete")) (export "method" (type $method (eq $m)))
    (type $h (record (field "name" string) (field "value" string))) (export "header" (type $header (eq $h)))
    (type $r (record (field "method" $method) (field "url" string) (field "headers" (list $header)) (field "body" (option string)) (field "timeout-ms" (option u32))))
    (export "request" (type $request (eq $r)))
    (type $p (record (field "status" u16) (field "headers" (list $header)) (field "body" string))) (export "response" (type $response (eq $p)))
    (type $f (enum "denied" "invalid-request" "too-many" "dns" "connect" "tls" "timeout" "too-large" "not-text" "invalid-response"))
    (export "failure" (type $failure (eq $f)))
    (export "send" (func (param "request" $request) (result (result $response (error $failure)))))))`

// Component is the text of a component that gets a URL over hygia:host/outbound-http,
// and answers its test:api/answerer@0.1.0#answer with the response's status, or with
// 1000 and the failure's place among its cases.
func Component(url string) string {
	return fmt.Sprintf(`(component`+Import+`
	  (core module $memory (memory (export "memory") 1) (data (i32.const 1024) %[1]q)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048)))
	  (core instance $mem (instantiate $memory))
	  (alias core export $mem "memory" (core memory $mm))
	  (alias core export $mem "realloc" (core func $realloc))
	  (core func $send (canon lower (func $http "send") (memory $mm) (realloc $realloc)))
	  (core module $main
	    (import "mem" "memory" (memory 1))
	    (import "host" "send" (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
	    (func (export "answer") (result i32)
	      (call $send (i32.const 0) (i32.const 1024) (i32.const %[2]d) (i32.const 0) (i32.const 0)
	        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64))
	      (if (result i32) (i32.load8_u (i32.const 64))
	        (then (i32.add (i32.const 1000) (i32.load8_u (i32.const 68))))
	        (else (i32.load16_u (i32.const 68))))))
	  (core instance $i (instantiate $main (with "mem" (instance $mem)) (with "host" (instance (export "send" (func $send))))))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`, url, len(url))
}
