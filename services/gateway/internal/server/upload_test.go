package server_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/services/gateway/internal/server"
)

const uploads = "/v1/imports/wordpress"

func export(size int) []byte { return bytes.Repeat([]byte("<item>é</item>\n"), size/16+1)[:size] }

func xml(body []byte) request {
	return request{method: "POST", path: uploads, reader: bytes.NewReader(body), header: map[string]string{"Content-Type": "text/xml; charset=ISO-8859-1"}}
}

func TestAnExportIsStreamed(t *testing.T) {
	for _, size := range []int{1, 256 << 10, 256<<10 + 1, 3 << 20} {
		w := start(t, nil)
		body := export(size)
		response, text := w.do(t, xml(body))
		if response.StatusCode != 202 || response.Header.Get("Location") != "/v1/imports/"+mine || !strings.Contains(text, `"state":"IMPORT_STATE_UNSPECIFIED"`) {
			t.Fatalf("%d bytes: %d %v %s", size, response.StatusCode, response.Header, text)
		}
		if sha256.Sum256(w.uploaded.Bytes()) != sha256.Sum256(body) || w.format != "wordpress" {
			t.Errorf("%d bytes: the service got %d as %q", size, w.uploaded.Len(), w.format)
		}
		if want := (size + 256<<10 - 1) / (256 << 10); w.chunks != want {
			t.Errorf("%d bytes: %d pieces, want %d", size, w.chunks, want)
		}
		if got := w.metadata.Get(actor.MetadataKey); len(got) != 1 {
			t.Errorf("actor tokens %q", got)
		}
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	w := start(t, nil)
	small := export(100)
	kind := func(k string) request {
		r := xml(small)
		r.header = map[string]string{"Content-Type": k}
		return r
	}
	w.refused(t, kind("application/json"), 415, "CONTENT_TYPE_REFUSED")
	w.refused(t, kind(""), 415, "CONTENT_TYPE_REFUSED")
	w.refused(t, kind("multipart/form-data; boundary=x"), 415, "CONTENT_TYPE_REFUSED")
	r := xml(small)
	r.header["Authorization"] = ""
	w.refused(t, r, 401, "TOKEN_MISSING")
	w.refused(t, request{method: "POST", path: uploads, header: map[string]string{"Content-Type": "application/xml"}}, 400, "BODY_EMPTY")
	w.refused(t, request{method: "PUT", path: uploads, body: "{}"}, 405, "METHOD_NOT_ALLOWED")
	if w.uploaded.Len() != 0 {
		t.Errorf("%d bytes reached the service", w.uploaded.Len())
	}
}

// An export whose length says that it is too large is refused before a byte of
// it is read; one that hides its length, when the bound is passed.
func TestATooLargeExportIsRefused(t *testing.T) {
	w := start(t, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n", uploads, good, 200<<20)
	answer, err := io.ReadAll(conn) // the gateway ends the connection
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 413 ")) || !bytes.Contains(answer, []byte("BODY_TOO_LARGE")) {
		t.Errorf("%v: %s", err, answer)
	}
	r := xml(nil)
	r.reader, r.length = io.LimitReader(endless{}, 65<<20), -1
	d, _ := w.refused(t, r, 413, "BODY_TOO_LARGE")
	if d.Hint == "" {
		t.Error("no hint")
	}
	waitFor(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.cut })
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A client that vanishes has sent no export, however well it was cut.
func TestAnUploadThatIsCutIsNoExport(t *testing.T) {
	w := start(t, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n", uploads, good, 2<<20)
	if _, err := conn.Write(export(1 << 20)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.chunks > 0 })
	conn.Close()
	waitFor(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.cut })
}

func TestWhatTheServiceRefusesIsAnswered(t *testing.T) {
	w := start(t, nil)
	w.refuse = fault.New(codes.InvalidArgument, "IMPORT_TOO_LARGE", "the export is larger than the tenant may import").GRPCStatus().Err()
	r := xml(export(8 << 20))
	d, _ := w.refused(t, r, 413, "IMPORT_TOO_LARGE")
	if d.Detail != "the export is larger than the tenant may import" {
		t.Errorf("%+v", d)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	w := start(t, func(c *server.Config) { c.MaxUploads = 1 })
	body, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		q, _ := http.NewRequest(http.MethodPost, w.url+uploads, body)
		q.Header.Set("Authorization", "Bearer "+good)
		q.Header.Set("Content-Type", "application/xml")
		response, err := w.client.Do(q)
		if err != nil {
			done <- 0
			return
		}
		response.Body.Close()
		done <- response.StatusCode
	}()
	if _, err := writer.Write(export(300 << 10)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.chunks > 0 })
	w.refused(t, xml(export(10)), 503, "UPLOADS_BUSY")
	_ = writer.Close() // never fails, as a pipe says
	if code := <-done; code != 202 {
		t.Errorf("the first upload: %d", code)
	}
}
