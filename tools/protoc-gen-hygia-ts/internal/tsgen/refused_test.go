package tsgen

import (
	"strings"
	"testing"
)

// Each source is the rest of a proto3 file of package a.b.v1; the error names
// the file, the line, the element, and what is wrong with it.
func TestRefused(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"a custom verb": {
			rpc(`{custom: {kind: "HEAD" path: "/v1/x"}}`, ""),
			"x.proto:6: a.b.v1.S.Get: the route has no verb, or a custom one: get, put, post, delete and patch are known",
		},
		"a body of one field": {
			rpc(`{post: "/v1/x" body: "name"}`, ""),
			`x.proto:6: a.b.v1.S.Get: body "name": only "*" is known`,
		},
		"a response of one field": {
			rpc(`{get: "/v1/x" response_body: "name"}`, ""),
			"x.proto:6: a.b.v1.S.Get: response_body is not known",
		},
		"two bindings": {
			rpc(`{get: "/v1/x" additional_bindings: {get: "/v1/y"}}`, ""),
			"x.proto:6: a.b.v1.S.Get: additional_bindings are not known",
		},
		"a stream": {
			strings.Replace(rpc(`{get: "/v1/x"}`, ""), "returns (", "returns (stream ", 1),
			"x.proto:6: a.b.v1.S.Get: a stream cannot have a route",
		},
		"a wildcard": {
			rpc(`{get: "/v1/{name=x/*}"}`, ""),
			`x.proto:6: a.b.v1.S.Get: path "/v1/{name=x/*}": only literals and {field} are known`,
		},
		"a verb in the path": {
			rpc(`{get: "/v1/{name}:run"}`, ""),
			`x.proto:6: a.b.v1.S.Get: path "/v1/{name}:run": only literals and {field} are known`,
		},
		"a field of a field": {
			rpc(`{get: "/v1/{q.name}"}`, ""),
			`x.proto:6: a.b.v1.S.Get: path "/v1/{q.name}": only literals and {field} are known`,
		},
		"a variable without a field": {
			rpc(`{get: "/v1/{id}"}`, ""),
			`x.proto:6: a.b.v1.S.Get: path "/v1/{id}": a.b.v1.Q has no field id`,
		},
		"a variable twice": {
			rpc(`{get: "/v1/{name}/{name}"}`, ""),
			`x.proto:6: a.b.v1.S.Get: path "/v1/{name}/{name}": a.b.v1.Q.name must be one scalar or enum`,
		},
		"a list in the path": {
			rpc(`{get: "/v1/{ids}"}`, "repeated string ids = 2;"),
			`x.proto:6: a.b.v1.S.Get: path "/v1/{ids}": a.b.v1.Q.ids must be one scalar or enum`,
		},
		"an optional field in the path": {
			rpc(`{get: "/v1/{id}"}`, "optional string id = 2;"),
			`a.b.v1.Q.id must be one scalar or enum`,
		},
		"bytes in the path": {
			rpc(`{get: "/v1/{id}"}`, "bytes id = 2;"),
			`a.b.v1.Q.id must be one scalar or enum`,
		},
		"a message in a query": {
			rpc(`{get: "/v1/x"}`, "\nA a = 2;"),
			"x.proto:11: a.b.v1.Q.a: a query string holds scalars, enums and timestamps, not a.b.v1.A",
		},
		"a map in a query": {
			rpc(`{get: "/v1/x"}`, "\nmap<string, string> a = 2;"),
			"x.proto:11: a.b.v1.Q.a: a query string holds scalars, enums and timestamps, not a.b.v1.Q.AEntry",
		},
		"a well-known type without a form": {
			"import \"google/protobuf/any.proto\";\nmessage M {\ngoogle.protobuf.Any any = 1;\n}",
			"x.proto:5: a.b.v1.M.any: google.protobuf.Any has no type here: its package is not generated in this run",
		},
		"extensions": {
			"import \"google/protobuf/descriptor.proto\";\nextend google.protobuf.FileOptions { string s = 50001; }",
			"x.proto: a.b.v1: only proto3 files with a package and without extensions are known",
		},
		"a JSON name that is no identifier": {
			"message M {\nstring s = 1 [json_name = \"@s\"];\n}",
			`x.proto:4: a.b.v1.M.s: json_name "@s" is no identifier`,
		},
		"two types of one name": {
			rpc(`{post: "/v1/x" body: "*"}`, "A a = 2;") + "\nmessage AInput {}",
			"a.b.v1.AInput: its type would be named AInput, as that of a.b.v1.A is",
		},
		"a nested name that is another's": {
			"message M { message N {} }\nmessage M_N {}",
			"x.proto:4: a.b.v1.M_N: its type would be named M_N, as that of a.b.v1.M.N is",
		},
		"a name of the language": {
			"message Promise {}",
			"x.proto:3: a.b.v1.Promise: its type would be named Promise, as a part of the generated code is",
		},
		"a method that is none": {
			strings.Replace(rpc(`{get: "/v1/x"}`, ""), "rpc Get", "rpc Constructor", 1),
			"x.proto:6: a.b.v1.S.Constructor: its method would be named constructor, which is another's name",
		},
		"half of a pager": {
			rpc(`{get: "/v1/x"}`, "string page_token = 2;"),
			"a.b.v1.S.Get: page_token in the request and next_page_token in the response go together",
		},
		"a page of two lists": {
			pager("repeated A a = 2; repeated A b = 3;", ""),
			"a.b.v1.S.List: a page holds one repeated field: a.b.v1.P has 2",
		},
		"an iterator's name that is another's": {
			pager("repeated A a = 2;", "rpc All(A) returns (A) { option (google.api.http) = {get: \"/v1/all\"}; }"),
			"a.b.v1.S.List: its iterator would be named all, which is another's name",
		},
		"a rule that does not compile": {
			rpc(`{get: "/v1/x"}`, "\nstring s = 2 [(buf.validate.field).cel = {id: \"x\" expression: \"nonsense(\"}];"),
			"x.proto:10: a.b.v1.Q: its validation rules do not work",
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, map[string]string{"x.proto": "syntax = \"proto3\";\npackage a.b.v1;\n" + test.source}, test.want)
		})
	}
}

func TestRefusedFiles(t *testing.T) {
	for name, test := range map[string]struct {
		sources map[string]string
		want    string
	}{
		"proto2": {
			map[string]string{"x.proto": "syntax = \"proto2\";\npackage a.v1;"},
			"x.proto: a.v1: only proto3 files with a package",
		},
		"an edition": {
			map[string]string{"x.proto": "edition = \"2023\";\npackage a.v1;"},
			"x.proto: a.v1: only proto3 files with a package",
		},
		"no package": {
			map[string]string{"x.proto": "syntax = \"proto3\";"},
			"x.proto: : only proto3 files with a package",
		},
		"two packages of one alias": {
			map[string]string{
				"a.proto": "syntax = \"proto3\";\npackage a.t.v1;\nmessage A {}",
				"b.proto": "syntax = \"proto3\";\npackage b.t.v1;\nmessage B {}",
				"c.proto": "syntax = \"proto3\";\npackage c.v1;\nimport \"a.proto\";\nimport \"b.proto\";\n" +
					"message C { a.t.v1.A a = 1;\nb.t.v1.B b = 2; }",
			},
			"c.proto:6: c.v1.C.b: package b.t.v1 would be imported as tv1, as ./a.t.v1.js is",
		},
		"a package named as a part of the generated code": {
			map[string]string{"x.proto": "syntax = \"proto3\";\npackage json;"},
			"x.proto: json: its package would be imported as json",
		},
	} {
		t.Run(name, func(t *testing.T) { refused(t, test.sources, test.want) })
	}
}

// Every refusal is told, not the first alone.
func TestRefusedTogether(t *testing.T) {
	source := "syntax = \"proto3\";\npackage a.v1;\n" +
		"message M {\nstring s = 1 [json_name = \"@s\"];\nstring t = 2 [json_name = \"@t\"];\n}"
	refused(t, map[string]string{"x.proto": source}, "x.proto:4: a.v1.M.s: ")
	refused(t, map[string]string{"x.proto": source}, "x.proto:5: a.v1.M.t: ")
}

func refused(t *testing.T, sources map[string]string, want string) {
	t.Helper()
	_, err := generate(t, sources)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// rpc declares a service whose one RPC has a route, at line 6, and whose request
// begins at line 10.
func rpc(route, fields string) string {
	return `import "google/api/annotations.proto";
import "buf/validate/validate.proto";
service S {
  rpc Get(Q) returns (A) {
    option (google.api.http) = ` + route + `;
  }
}
message Q { string name = 1;` + fields + ` }
message A { string name = 1; }`
}

// pager declares a list, with the response's fields, and further RPCs.
func pager(fields, rpcs string) string {
	return `import "google/api/annotations.proto";
service S {
` + rpcs + `
  rpc List(Q) returns (P) { option (google.api.http) = {get: "/v1/x"}; }
}
message Q { string page_token = 1; }
message P { string next_page_token = 1; ` + fields + ` }
message A {}`
}
