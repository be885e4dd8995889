// Command protodeps writes, as text, the proto files of others that ours import:
// google/api/annotations.proto and buf/validate/validate.proto, with what they
// import in turn. It prints them from the descriptors inside the Go modules that
// go.mod pins, so that `buf generate` needs no registry of its own and the text
// cannot differ from the code that is linked.
//
//	go run ./tools/protodeps [-check] third_party/proto
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	validate "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/desc" //nolint:staticcheck // what its printer takes; the next version is not served
	"github.com/jhump/protoreflect/desc/protoprint"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const header = "Printed by tools/protodeps from the Go module that go.mod pins; Apache-2.0, by its authors. DO NOT EDIT."

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("protodeps", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "write nothing; fail where a file differs")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		fmt.Fprintln(stderr, "usage: protodeps [-check] FOLDER")
		return 2
	}
	if err := emit(flags.Arg(0), *check); err != nil {
		fmt.Fprintln(stderr, "protodeps:", err)
		return 1
	}
	return 0
}

// emit writes every file under root, or compares it with what is there.
func emit(root string, check bool) error {
	files := map[string]protoreflect.FileDescriptor{}
	for _, f := range []protoreflect.FileDescriptor{
		annotations.File_google_api_annotations_proto,
		validate.File_buf_validate_validate_proto,
	} {
		collect(files, f)
	}
	printer := &protoprint.Printer{Indent: "  "}
	for path, file := range files {
		wrapped, err := desc.WrapFile(file)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		text, err := printer.PrintProtoToString(wrapped)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := put(filepath.Join(root, path), []byte("// "+header+"\n\n"+text), check); err != nil {
			return err
		}
	}
	return nil
}

// collect adds a file and its imports. The compiler itself brings google/protobuf.
func collect(files map[string]protoreflect.FileDescriptor, f protoreflect.FileDescriptor) {
	if strings.HasPrefix(f.Path(), "google/protobuf/") {
		return
	}
	files[f.Path()] = f
	for i := range f.Imports().Len() {
		collect(files, f.Imports().Get(i).FileDescriptor)
	}
}

func put(path string, text []byte, check bool) error {
	if check {
		have, err := os.ReadFile(path) //nolint:gosec // a path of this repository
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if !bytes.Equal(have, text) {
			return fmt.Errorf("%s is not current: run `make generate`", path)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	return os.WriteFile(path, text, 0o644) //nolint:gosec // sources are for everybody to read
}
