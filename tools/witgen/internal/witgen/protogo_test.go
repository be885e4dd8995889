package witgen_test

import (
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	gengo "google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

// protoGo compiles the proto files among those generated, and gives the Go that
// protoc-gen-go makes of them with buf's managed package names.
func protoGo(t *testing.T, files []witgen.File) []witgen.File {
	t.Helper()
	sources := map[string]string{}
	var paths []string
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".proto") {
			rel, err := filepath.Rel(golden.Proto, f.Path)
			if err != nil {
				t.Fatal(err)
			}
			rel = filepath.ToSlash(rel)
			sources[rel] = string(f.Content)
			paths = append(paths, rel)
		}
	}
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
			Accessor: func(name string) (io.ReadCloser, error) {
				text, ok := sources[name]
				if !ok {
					return nil, fs.ErrNotExist
				}
				return io.NopCloser(strings.NewReader(text)), nil
			},
		}),
	}
	linked, err := compiler.Compile(t.Context(), paths...)
	if err != nil {
		t.Fatal(err)
	}
	request := &pluginpb.CodeGeneratorRequest{FileToGenerate: paths, Parameter: proto.String(parameter(paths))}
	added := map[string]bool{}
	for _, file := range linked {
		addFile(request, added, file)
	}
	return run(t, request)
}

// parameter maps each file to a Go package, as buf's managed mode does.
func parameter(paths []string) string {
	options := []string{"paths=source_relative"}
	for _, p := range paths {
		dir := path.Dir(p)
		name := path.Base(path.Dir(dir)) + path.Base(dir)
		options = append(options, "M"+p+"="+golden.ProtoGo+"/"+dir+";"+name)
	}
	return strings.Join(options, ",")
}

// addFile adds a file after all that it imports.
func addFile(request *pluginpb.CodeGeneratorRequest, added map[string]bool, file protoreflect.FileDescriptor) {
	if added[file.Path()] {
		return
	}
	added[file.Path()] = true
	for i := range file.Imports().Len() {
		addFile(request, added, file.Imports().Get(i).FileDescriptor)
	}
	request.ProtoFile = append(request.ProtoFile, protodesc.ToFileDescriptorProto(file))
}

func run(t *testing.T, request *pluginpb.CodeGeneratorRequest) []witgen.File {
	t.Helper()
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range plugin.Files {
		if file.Generate {
			gengo.GenerateFile(plugin, file)
		}
	}
	response := plugin.Response()
	if response.Error != nil {
		t.Fatal(*response.Error)
	}
	var out []witgen.File
	for _, f := range response.File {
		out = append(out, witgen.File{
			Path:    filepath.Join("testdata/golden/pb", filepath.FromSlash(f.GetName())),
			Content: []byte(f.GetContent()),
		})
	}
	return out
}
