// Package upload takes bodies that no proto route can say, and streams them to a
// service: exports of other systems, and plugin packages.
package upload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// chunkBytes is the size of a piece, the most that the services take.
const chunkBytes = 256 << 10

// ErrCut says that the client stopped sending.
var ErrCut = fault.New(codes.Canceled, "BODY_CUT", "the upload ended before the body did")

// Upload is a route whose body is streamed to a service. It is safe for
// concurrent use.
type Upload struct {
	// Path is the route's, as http.ServeMux takes it; its method is POST.
	Path string
	// Types are the content types that a body may have.
	Types []string

	maxBytes int64
	tooLarge *fault.Error
	empty    *fault.Error
	// stream sends a body, and gives what the service answered.
	stream func(ctx context.Context, r *http.Request, body pieces) (answer, error)
}

// answer is a success.
type answer struct {
	status   int
	location string // "" for none
	message  proto.Message
}

// Serve reads the body and answers with what the service says of it. Memory
// stays at one piece, however large the body. Its errors are faults.
func (u Upload) Serve(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > u.maxBytes {
		w.Header().Set("Connection", "close")
		return u.tooLarge // at once, with the body unread
	}
	ctx, cancel := context.WithCancel(r.Context()) // ends the stream where this returns early
	defer cancel()
	a, err := u.stream(ctx, r, pieces{upload: u, body: http.MaxBytesReader(w, r.Body, u.maxBytes)})
	if err != nil {
		return fault.From(err)
	}
	return a.write(w)
}

func (a answer) write(w http.ResponseWriter) error {
	body, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(a.message)
	if err != nil {
		return fault.Internal(fmt.Errorf("upload: %w", err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client that went away is no error of ours
	return nil
}

// pieces is a body on its way.
type pieces struct {
	upload Upload
	body   io.Reader
}

// send sends a body in pieces, each in a message that piece makes, and gives the
// service's answer.
func send[Q, A any](p pieces, stream grpc.ClientStreamingClient[Q, A], piece func(chunk []byte, first bool) *Q) (*A, error) {
	for first := true; ; first = false {
		chunk, ended, err := p.next()
		switch {
		case err != nil:
			return nil, err
		case len(chunk) == 0 && first:
			return nil, p.upload.empty
		}
		if len(chunk) > 0 {
			// io.EOF means that the service has answered already, and why is in there.
			if err := stream.Send(piece(chunk, first)); err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			} else if err != nil {
				ended = true
			}
		}
		if ended {
			return stream.CloseAndRecv()
		}
	}
}

// next fills a new piece: gRPC may keep the one before. Only io.EOF is the body's
// end; a client that vanishes gives io.ErrUnexpectedEOF, and what it sent must
// not pass for a whole body.
func (p pieces) next() (chunk []byte, ended bool, err error) {
	chunk = make([]byte, chunkBytes)
	n := 0
	for n < len(chunk) {
		m, err := p.body.Read(chunk[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return chunk[:n], true, nil
		}
		if err != nil {
			return nil, false, p.refusal(err)
		}
	}
	return chunk, false, nil
}

// refusal says why a body could not be read.
func (p pieces) refusal(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return p.upload.tooLarge
	}
	return ErrCut.Wrap(err)
}
