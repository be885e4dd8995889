package route_test

import (
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/route"
)

func TestRoutesOfTheContentService(t *testing.T) {
	services := contentv1.File_hygia_content_v1_content_proto.Services()
	routes, err := route.Of(services.ByName("ContentService"))
	if err != nil {
		t.Fatal(err)
	}
	byPattern := map[string]route.Route{}
	for _, r := range routes {
		byPattern[r.Pattern()] = r
	}
	get := byPattern["GET /v1/entries/{id}/revisions/{number}"]
	if get.FullMethod != "/hygia.content.v1.ContentService/GetRevision" || get.Body || !slices.Equal(get.Params, []string{"id", "number"}) ||
		get.Input.FullName() != "hygia.content.v1.GetRevisionRequest" {
		t.Errorf("%+v", get)
	}
	if put := byPattern["PUT /v1/entries/{id}"]; !put.Body || !slices.Equal(put.Params, []string{"id"}) {
		t.Errorf("%+v", put)
	}
	imports, err := route.Of(contentv1.File_hygia_content_v1_import_proto.Services().ByName("ImportService"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range imports {
		if r.FullMethod == contentv1.ImportService_UploadImport_FullMethodName {
			t.Error("a method without a REST route has one")
		}
	}
}

func TestFormsThatNobodyKnowsAreRefused(t *testing.T) {
	for name, rule := range map[string]*annotations.HttpRule{
		"no pattern":      {},
		"a custom method": {Pattern: &annotations.HttpRule_Custom{Custom: &annotations.CustomHttpPattern{Kind: "HEAD", Path: "/x"}}},
		"a wildcard":      {Pattern: &annotations.HttpRule_Get{Get: "/x/{id=**}"}},
		"a verb":          {Pattern: &annotations.HttpRule_Get{Get: "/x/{id}:sign"}},
		"no such field":   {Pattern: &annotations.HttpRule_Get{Get: "/x/{name}"}},
		"a field twice":   {Pattern: &annotations.HttpRule_Get{Get: "/x/{id}/{id}"}},
		"part of a body":  {Pattern: &annotations.HttpRule_Post{Post: "/x"}, Body: "id"},
		"two bindings": {Pattern: &annotations.HttpRule_Get{Get: "/x"},
			AdditionalBindings: []*annotations.HttpRule{{Pattern: &annotations.HttpRule_Get{Get: "/y"}}}},
	} {
		if routes, err := route.Of(service(t, rule)); err == nil {
			t.Errorf("%s: %+v", name, routes)
		}
	}
}

// service is a service with one method of a rule.
func service(t *testing.T, rule *annotations.HttpRule) protoreflect.ServiceDescriptor {
	t.Helper()
	options := &descriptorpb.MethodOptions{}
	proto.SetExtension(options, annotations.E_Http, rule)
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("test.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("id"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("Do"), InputType: proto.String(".test.M"), OutputType: proto.String(".test.M"), Options: options,
		}}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Services().Get(0)
}
