package tsgen

import (
	"context"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// thirdParty holds the annotations that proto files import.
var thirdParty = filepath.Join("..", "..", "..", "..", "third_party", "proto")

// pluginOf hands files to the plugin as a compiler does: sources by path.
func pluginOf(t *testing.T, sources map[string]string) *protogen.Plugin {
	t.Helper()
	compiler := protocompile.Compiler{
		SourceInfoMode: protocompile.SourceInfoStandard,
		Resolver: protocompile.WithStandardImports(protocompile.CompositeResolver{
			&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(sources)},
			&protocompile.SourceResolver{ImportPaths: []string{thirdParty}},
		}),
	}
	paths := slices.Sorted(maps.Keys(sources))
	files, err := compiler.Compile(context.Background(), paths...)
	if err != nil {
		t.Fatal(err)
	}
	request := &pluginpb.CodeGeneratorRequest{FileToGenerate: paths}
	seen := map[string]bool{}
	for _, file := range files {
		collectFiles(request, file, files, seen)
	}
	// Over the wire, so that options are of the types that the plugin links.
	wire, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	request = &pluginpb.CodeGeneratorRequest{}
	if err := proto.Unmarshal(wire, request); err != nil {
		t.Fatal(err)
	}
	plugin, err := protogen.Options{}.New(request)
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

// collectFiles adds a file behind those that it imports.
func collectFiles(request *pluginpb.CodeGeneratorRequest, file protoreflect.FileDescriptor, files linker.Files, seen map[string]bool) {
	if seen[file.Path()] {
		return
	}
	seen[file.Path()] = true
	imports := file.Imports()
	for i := range imports.Len() {
		imported := imports.Get(i).FileDescriptor
		if compiled := files.FindFileByPath(imported.Path()); compiled != nil {
			imported = compiled
		}
		collectFiles(request, imported, files, seen)
	}
	d := proto.CloneOf(protoutil.ProtoFromFileDescriptor(file))
	if d.GetOptions().GetGoPackage() == "" { // buf's managed mode sets it, and protogen asks for it
		if d.Options == nil {
			d.Options = &descriptorpb.FileOptions{}
		}
		d.Options.GoPackage = proto.String("example.org/gen/" + path.Dir(file.Path()))
	}
	request.ProtoFile = append(request.ProtoFile, d)
}

// generate gives what the plugin writes, by file name.
func generate(t *testing.T, sources map[string]string) (map[string]string, error) {
	t.Helper()
	plugin := pluginOf(t, sources)
	if err := Generate(plugin); err != nil {
		if files := plugin.Response().GetFile(); len(files) > 0 {
			t.Errorf("refused, and wrote %d files", len(files))
		}
		return nil, err
	}
	texts := map[string]string{}
	for _, file := range plugin.Response().GetFile() {
		texts[file.GetName()] = file.GetContent()
	}
	return texts, nil
}
