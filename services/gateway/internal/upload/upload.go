// Package upload takes exports of other systems and streams them to the content
// service: POST /v1/imports/{format}, which no proto route can say.
package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/hygia-suite/hygia/pkg/fault"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

const (
	// Path is where WordPress exports are posted.
	Path = "/v1/imports/wordpress"
	// format is what the content service calls them.
	format = "wordpress"
	// MaxBytes bounds an export: 64 MiB.
	MaxBytes = 64 << 20
	// chunkBytes is the size of a piece, the most that the service takes.
	chunkBytes = 256 << 10
)

// ContentTypes are what an export may be sent as.
func ContentTypes() []string {
	return []string{"application/xml", "text/xml", "application/octet-stream"}
}

var (
	// ErrTooLarge refuses an export; nothing of it is kept.
	ErrTooLarge = fault.New(codes.InvalidArgument, "BODY_TOO_LARGE", "the export is larger than 64 MiB").
			WithHint("export fewer items at once: by author, category or date")
	// ErrEmpty refuses a request without a body.
	ErrEmpty = fault.New(codes.InvalidArgument, "BODY_EMPTY", "the request has no body").
			WithHint("send the export as the request's body, such as with curl --data-binary @export.xml")
	// ErrCut says that the client stopped sending.
	ErrCut = fault.New(codes.Canceled, "BODY_CUT", "the upload ended before the body did")
)

// Handler streams one upload to the content service. Its errors are faults.
type Handler struct{ Imports contentv1.ImportServiceClient }

// Serve reads the body, and answers 202 with where the import can be watched.
// Memory stays at one piece, however large the export.
func (h Handler) Serve(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > MaxBytes {
		w.Header().Set("Connection", "close")
		return ErrTooLarge // at once, with the body unread
	}
	ctx, cancel := context.WithCancel(r.Context()) // ends the stream where this returns early
	defer cancel()
	stream, err := h.Imports.UploadImport(ctx)
	if err != nil {
		return err
	}
	if err := send(stream, http.MaxBytesReader(w, r.Body, MaxBytes)); err != nil {
		return err
	}
	response, err := stream.CloseAndRecv()
	if err != nil {
		return fault.From(err)
	}
	return accepted(w, response)
}

// sender is the stream's half that send needs.
type sender interface {
	Send(*contentv1.UploadImportRequest) error
	CloseAndRecv() (*contentv1.UploadImportResponse, error)
}

// send sends the body in pieces, the first of which names the format.
func send(stream sender, body io.Reader) error {
	for first := true; ; first = false {
		chunk, ended, err := read(body)
		switch {
		case err != nil:
			return err
		case len(chunk) == 0 && first:
			return ErrEmpty
		case len(chunk) == 0:
			return nil
		}
		piece := &contentv1.UploadImportRequest{Chunk: chunk}
		if first {
			piece.Format = format
		}
		if err := stream.Send(piece); err != nil {
			return answered(stream, err)
		}
		if ended {
			return nil
		}
	}
}

// read fills a new piece: gRPC may keep the one before. Only io.EOF is the
// body's end; a client that vanishes gives io.ErrUnexpectedEOF, and what it sent
// must not pass for a whole export.
func read(body io.Reader) (chunk []byte, ended bool, err error) {
	chunk = make([]byte, chunkBytes)
	n := 0
	for n < len(chunk) {
		m, err := body.Read(chunk[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return chunk[:n], true, nil
		}
		if err != nil {
			return nil, false, refusal(err)
		}
	}
	return chunk, false, nil
}

// answered finds out why a stream takes no more: io.EOF means that the service
// has answered already.
func answered(stream sender, err error) error {
	if errors.Is(err, io.EOF) {
		if _, why := stream.CloseAndRecv(); why != nil {
			err = why
		}
	}
	return fault.From(err)
}

// refusal says why a body could not be read.
func refusal(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return ErrTooLarge
	}
	return ErrCut.Wrap(err)
}

func accepted(w http.ResponseWriter, response *contentv1.UploadImportResponse) error {
	body, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(response)
	if err != nil {
		return fault.Internal(fmt.Errorf("upload: %w", err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Location", "/v1/imports/"+response.GetImport().GetId())
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(body) // a client that went away is no error of ours
	return nil
}
