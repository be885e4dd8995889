// Package openapi serves the description of the REST API, and a page to browse
// it.
package openapi

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
)

//go:embed hygia.swagger.json
var generated []byte

type object = map[string]any

// Upload is a route that takes a body as it is.
type Upload struct {
	Path string
	// Types are the content types that it takes.
	Types []string
}

// Document returns the description, OpenAPI 2.0 as JSON: what buf generates of
// the proto files, and what those cannot say: the uploads, the form of errors,
// and that a login needs no token.
func Document(exports, packages Upload) ([]byte, error) {
	var d object
	if err := json.Unmarshal(generated, &d); err != nil {
		return nil, fmt.Errorf("openapi: generated document: %w", err)
	}
	paths, okPaths := d["paths"].(object)
	definitions, okDefinitions := d["definitions"].(object)
	if !okPaths || !okDefinitions || len(paths) == 0 {
		return nil, errors.New("openapi: generated document without paths or definitions")
	}
	login, ok := operation(paths, "/v1/login", "post")
	if !ok {
		return nil, errors.New("openapi: generated document without a login")
	}
	login["security"] = []any{}
	paths[exports.Path] = object{"post": takesExport(exports.Types)}
	if _, ok := operation(paths, packages.Path, "get"); !ok {
		paths[packages.Path] = object{}
	}
	paths[packages.Path].(object)["post"] = takesPackage(packages.Types)
	definitions["Problem"] = problem()
	for _, path := range paths {
		for _, operation := range path.(object) {
			addErrors(operation)
		}
	}
	document, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return document, nil
}

func operation(paths object, path, method string) (object, bool) {
	item, ok := paths[path].(object)
	if !ok {
		return nil, false
	}
	operation, ok := item[method].(object)
	return operation, ok
}

// addErrors says that whatever is not a success is a problem.
func addErrors(operation any) {
	o, ok := operation.(object)
	if !ok {
		return
	}
	if responses, ok := o["responses"].(object); ok {
		responses["default"] = object{
			"description": "What was refused or failed, as problem details (RFC 9457).",
			"schema":      object{"$ref": "#/definitions/Problem"},
		}
		o["produces"] = []any{"application/json", "application/problem+json"}
	}
}

func takesExport(types []string) object {
	return object{
		"tags":        []any{"ImportService"},
		"summary":     "Takes a WordPress export (WXR) of at most 64 MiB as the body, and starts to import it.",
		"description": "Answers once the export is stored; its Location tells where the import can be watched.",
		"operationId": "ImportService_UploadImport",
		"consumes":    types,
		"parameters":  []any{body()},
		"responses": object{"202": object{
			"description": "The export is stored.",
			"headers":     object{"Location": object{"type": "string", "description": "Path of the import."}},
			"schema": object{"type": "object", "properties": object{
				"import": object{"$ref": "#/definitions/v1Import"},
			}},
		}},
	}
}

func takesPackage(types []string) object {
	return object{
		"tags":    []any{"PluginService"},
		"summary": "Takes a signed plugin package of at most 96 MiB as the body, and installs it.",
		"description": "It is verified against the keys that the operator trusts, and its imports against its grants, " +
			"before anything of it runs; what is refused changes nothing. The same package again gives the same answer.",
		"operationId": "PluginService_InstallPlugin",
		"consumes":    types,
		"parameters": []any{
			object{
				"name": "service", "in": "path", "required": true, "type": "string",
				"description": "The service that is to host it: validation, anonymization, content or audit.",
			},
			object{
				"name": "canaryPercent", "in": "query", "type": "integer", "format": "int32",
				"description": "The share of calls that it gets until it is promoted, 1 to 99; 0, the default, gives it all at once.",
			},
			body(),
		},
		"responses": object{"200": object{
			"description": "It is installed.",
			"schema": object{"type": "object", "properties": object{
				"plugin": object{"$ref": "#/definitions/v1Plugin"},
			}},
		}},
	}
}

func body() object {
	return object{"name": "body", "in": "body", "required": true, "schema": object{"type": "string", "format": "binary"}}
}

func problem() object {
	text := func(what string) object { return object{"type": "string", "description": what} }
	return object{
		"type":        "object",
		"description": "What was refused or failed (RFC 9457).",
		"required":    []any{"type", "title", "status", "detail", "reason"},
		"properties": object{
			"type":   text(`"urn:hygia:problem:" and the reason in lower case.`),
			"title":  text("The reason, in words."),
			"status": object{"type": "integer", "format": "int32", "description": "The HTTP status."},
			"detail": text("What happened, and where."),
			"reason": text("What programs compare, such as ENTRY_NOT_FOUND. It does not change where texts do."),
			"hint":   text("What to do."),
			"fields": object{"type": "array", "description": "The parts of the request that were refused.",
				"items": object{"type": "object", "properties": object{
					"path": text("Leads to the field, such as content.authorIds[0]."), "message": text("What it must be."),
				}}},
		},
	}
}
