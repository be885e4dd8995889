package pluginhost_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/rpc"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
)

type upload = grpc.ClientStreamingClient[pluginv1.InstallPluginRequest, pluginv1.InstallPluginResponse]

// begin sends the first piece of a package, and no more.
func (w *world) begin() upload {
	w.Helper()
	stream, err := w.client.InstallPlugin(as(w.Context(), "admin"))
	if err != nil {
		w.Fatal(err)
	}
	if err := stream.Send(&pluginv1.InstallPluginRequest{Service: rpc.Content, Chunk: []byte("begun")}); err != nil {
		w.Fatal(err)
	}
	return stream
}

// Packages that arrive slowly, or never, hold up no other until there are too many
// of them; each of these gives its place back.
func TestASlowUploadHoldsUpNobody(t *testing.T) {
	w := newWorld(t)
	w.start()
	file := w.pkg("1.0.0", guest("(i32.const 1)"), w.key)
	slow := []upload{w.begin(), w.begin(), w.begin()}
	if _, err := w.install("admin", rpc.Content, file, 0); err != nil {
		t.Fatalf("beside three slow uploads: %v", err)
	}
	for { // one more may meet an installation in the last place
		_, err := w.install("admin", rpc.Content, file, 0)
		if err != nil && reason(err) == "UPLOADS_FULL" {
			break
		}
		if err != nil || len(slow) == 100 {
			t.Fatalf("beside %d: got %v", len(slow), err)
		}
		slow = append(slow, w.begin())
	}
	answers := make(chan error, len(slow))
	for _, stream := range slow {
		go func() { answers <- stream.RecvMsg(&pluginv1.InstallPluginResponse{}) }()
	}
	answered := func(n int, want string) {
		t.Helper()
		for range n {
			select {
			case err := <-answers:
				if err == nil || reason(err) != want {
					t.Errorf("half a package: got %v, want %s", err, want)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s is not said to %d of them", want, n)
			}
		}
	}
	answered(len(slow)-4, "UPLOADS_FULL") // before a place is given back, which a late one could take
	for _, stream := range slow {
		if err := stream.CloseSend(); err != nil {
			t.Error(err)
		}
	}
	answered(4, "PACKAGE_INVALID")
	if _, err := w.install("admin", rpc.Content, file, 0); err != nil {
		t.Errorf("after them: %v", err)
	}
	w.nothingArrives()
}

// A package that has arrived and waits for those before it has its place still: no
// more of them are on disk than arrive at once.
func TestWhatHasArrivedKeepsItsPlace(t *testing.T) {
	receive := pluginhost.Receiver(t.TempDir())
	arrive := func() (io.Closer, error) {
		return receive(t.Context(), func() ([]byte, error) { return nil, io.EOF })
	}
	for range 2 {
		var files []io.Closer
		for range 4 {
			file, err := arrive()
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		if _, err := arrive(); err == nil || reason(err) != "UPLOADS_FULL" {
			t.Errorf("one more: got %v", err)
		}
		for _, file := range files {
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAnUploadEndsWithItsTime(t *testing.T) {
	w := newWorld(t)
	w.patience = 50 * time.Millisecond
	w.start()
	for range 6 { // more than there are places
		stream := w.begin()
		if err := stream.RecvMsg(&pluginv1.InstallPluginResponse{}); err == nil || reason(err) != "UPLOAD_TOO_SLOW" {
			t.Errorf("got %v", err)
		}
	}
	w.nothingArrives()
}

// nothingArrives fails where a part of a package was left behind.
func (w *world) nothingArrives() {
	w.Helper()
	entries, err := os.ReadDir(filepath.Join(w.dir, "plugins"))
	if err != nil {
		w.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "upload-") {
			w.Errorf("%s was left", e.Name())
		}
	}
}
