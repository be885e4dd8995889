package front

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/services/gateway/internal/route"
	"github.com/hygia-suite/hygia/services/gateway/internal/strict"
	"github.com/hygia-suite/hygia/services/gateway/internal/upload"
)

const jsonType = "application/json"

// checkRequest refuses what a route does not take: in the path, the query
// string, and the body, which is read whole.
func (f *Front) checkRequest(route route.Route) step {
	return func(next handler) handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			if err := checkPath(r, route); err != nil {
				return err
			}
			if err := checkQuery(r, route); err != nil {
				return err
			}
			if !route.Body {
				if r.ContentLength != 0 {
					return ErrNoBody
				}
				return next(w, r)
			}
			body, err := f.readBody(w, r)
			if err != nil {
				return err
			}
			if err := strict.Body(body, route.Input); err != nil {
				return err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			return next(w, r)
		}
	}
}

func checkPath(r *http.Request, route route.Route) error {
	for _, name := range route.Params {
		field := route.Input.Fields().ByTextName(name)
		if err := strict.Text(field, field.JSONName(), r.PathValue(name)); err != nil {
			return err
		}
	}
	return nil
}

func checkQuery(r *http.Request, route route.Route) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrQuery
	}
	if route.Body { // then the body holds every field
		return strict.Query(values, route.Input, fieldNames(route.Input))
	}
	return strict.Query(values, route.Input, route.Params)
}

func fieldNames(message protoreflect.MessageDescriptor) (names []string) {
	for i := range message.Fields().Len() {
		names = append(names, string(message.Fields().Get(i).Name()))
	}
	return names
}

// readBody reads a JSON body within its bounds.
func (f *Front) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if err := checkType(r, jsonType); err != nil {
		return nil, err
	}
	if r.ContentLength > f.Limits.BodyBytes {
		return nil, f.tooLarge(w)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, f.Limits.BodyBytes))
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case err == nil:
		return body, nil
	case large:
		return nil, f.tooLarge(w)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, ErrBodySlow
	}
	return nil, ErrBodyCut.Wrap(err)
}

// tooLarge refuses a body, and ends the connection rather than read the rest.
func (f *Front) tooLarge(w http.ResponseWriter) error {
	w.Header().Set("Connection", "close")
	return ErrBodyTooLarge
}

// checkUpload refuses a body that is none of the upload's by its content type.
func checkUpload(u upload.Upload) step {
	return func(next handler) handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			if err := checkType(r, u.Types...); err != nil {
				return err
			}
			return next(w, r)
		}
	}
}

// checkType refuses a body of another kind, compressed, or in another charset.
func checkType(r *http.Request, types ...string) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return ErrEncoding
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, kind) {
		return ErrContentType.WithHint("send the body as " + strings.Join(types, " or "))
	}
	// XML names its charset itself; JSON is UTF-8 (RFC 8259 section 8.1).
	if charset := params["charset"]; kind == jsonType && charset != "" && !strings.EqualFold(charset, "utf-8") {
		return ErrContentType.WithHint("send JSON in UTF-8")
	}
	return nil
}

// forward hands a request to grpc-gateway, without any header of the client's:
// what of them matters was read by now, and grpc-gateway would turn others, the
// API token among them, into metadata for the services.
func (f *Front) forward(route route.Route) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		inner := r.Clone(r.Context())
		inner.Header = http.Header{"Content-Type": {jsonType}}
		inner.Method = route.Method // a HEAD is a GET whose body is not sent
		inner.RemoteAddr, inner.Host = "", ""
		f.REST.ServeHTTP(w, inner)
		return nil
	}
}
