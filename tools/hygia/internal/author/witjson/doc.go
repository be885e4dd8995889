// Package witjson is WIT values as JSON, by the types that a component itself
// declares: what a plugin's fixtures are written in.
//
//	bool, integers, floats   true, 42, 1.5; "NaN", "Infinity", "-Infinity"
//	char, string             "é", "text"
//	list, tuple              [1, 2]; list<u8> is base64
//	record                   {"display-name": "…"}: WIT's names, every field
//	enum                     "cpf"
//	flags                    ["read", "write"]
//	variant                  {"label": "[CPF]"}; "keep" for a case without a value
//	option                   null, or the value; of an option: {"some": null}
//	result                   {"ok": 1}, {"err": "…"}; "ok" or "err" without a value
//
// An integer is exact whatever its size. Resources have no JSON. Nothing is
// filled in and nothing is ignored: a missing field and an unknown one are errors,
// which say where and never repeat a value.
package witjson
