// Command protoc-gen-hygia-ts is a protoc plugin. It writes a TypeScript client
// of the REST routes that proto files annotate. See README.md beside it.
package main

import (
	"google.golang.org/protobuf/compiler/protogen"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/tsgen"
)

func main() { protogen.Options{}.Run(tsgen.Generate) }
