package api

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/content/internal/imports"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// Imports implements contentv1.ImportServiceServer. It is safe for concurrent
// use.
type Imports struct {
	contentv1.UnimplementedImportServiceServer
	imports *imports.Imports
	store   store.Store
}

// NewImports returns the service over the imports and the store that they use.
func NewImports(i *imports.Imports, s store.Store) *Imports {
	return &Imports{imports: i, store: s}
}

// UploadImport implements contentv1.ImportServiceServer.
func (s *Imports) UploadImport(stream grpc.ClientStreamingServer[contentv1.UploadImportRequest, contentv1.UploadImportResponse]) error {
	ctx := stream.Context()
	a, ok := actor.From(ctx)
	if !ok {
		return errNoActor
	}
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return imports.ErrFormat // an empty stream names none
	}
	if err != nil {
		return err
	}
	message := first
	next := func() ([]byte, error) {
		if message == nil {
			if message, err = stream.Recv(); err != nil {
				return nil, err
			}
		}
		chunk := message.GetChunk()
		message = nil
		return chunk, nil
	}
	i, err := s.imports.Upload(ctx, a, first.GetFormat(), next)
	if err != nil {
		return err
	}
	return stream.SendAndClose(&contentv1.UploadImportResponse{Import: importMessage(i)})
}

// GetImport implements contentv1.ImportServiceServer.
func (s *Imports) GetImport(ctx context.Context, r *contentv1.GetImportRequest) (*contentv1.GetImportResponse, error) {
	rpc.Affects(ctx, "import", r.GetId())
	var i store.Import
	err := view(ctx, s.store, func(reader store.Reader) (err error) {
		i, err = reader.Import(ctx, r.GetId())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.GetImportResponse{Import: importMessage(i)}, nil
}

// ListImports implements contentv1.ImportServiceServer.
func (s *Imports) ListImports(ctx context.Context, r *contentv1.ListImportsRequest) (*contentv1.ListImportsResponse, error) {
	p, err := newPage(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	var list []store.Import
	err = view(ctx, s.store, func(r store.Reader) (err error) {
		list, err = r.Imports(ctx, p.from.ID, p.size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &contentv1.ListImportsResponse{}
	list, response.NextPageToken = cut(list, p.size, func(i store.Import) place { return place{ID: i.ID} })
	for _, i := range list {
		rpc.Affects(ctx, "import", i.ID)
		response.Imports = append(response.Imports, importMessage(i))
	}
	return response, nil
}

// ListOmissions implements contentv1.ImportServiceServer.
func (s *Imports) ListOmissions(ctx context.Context, r *contentv1.ListOmissionsRequest) (*contentv1.ListOmissionsResponse, error) {
	rpc.Affects(ctx, "import", r.GetId())
	p, err := newPage(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	var list []store.Omission
	err = view(ctx, s.store, func(reader store.Reader) (err error) {
		list, err = reader.Omissions(ctx, r.GetId(), p.from.Number, p.size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &contentv1.ListOmissionsResponse{}
	list, response.NextPageToken = cut(list, p.size, func(o store.Omission) place { return place{Number: o.Place} })
	for _, o := range list {
		response.Omissions = append(response.Omissions, &contentv1.Omission{
			Kind: o.Kind, SourceId: o.SourceID, Label: o.Label, Reason: o.Reason,
		})
	}
	return response, nil
}
