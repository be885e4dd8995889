package server_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// imports is a content service whose one method that is called finds nothing to
// do: what is left is the cost of the rules around it.
type imports struct {
	contentv1.UnimplementedImportServiceServer
}

func (imports) GetImport(ctx context.Context, r *contentv1.GetImportRequest) (*contentv1.GetImportResponse, error) {
	rpc.Affects(ctx, "import", r.GetId())
	return &contentv1.GetImportResponse{}, nil
}

// gated serves imports with its gate at the world's audit service, and returns a
// connection to it.
func (w *world) gated(b *testing.B) *grpc.ClientConn {
	b.Helper()
	row := rpc.Row{Peers: []string{rpc.Gateway}, Actor: rpc.None, Action: auditv1.Action_ACTION_READ}
	identity := w.ca.Source(b, rpc.Content)
	s, err := rpc.NewServer(rpc.ServerOptions{
		Service: rpc.Content, Identity: identity, Verifier: people(), Audit: audit.NewClient(w.content),
		Telemetry: newTelemetry(b), Clock: time.Now, IDs: audittest.ID,
		Policy: rpc.Policy{
			contentv1.ImportService_UploadImport_FullMethodName:  row,
			contentv1.ImportService_GetImport_FullMethodName:     row,
			contentv1.ImportService_ListImports_FullMethodName:   row,
			contentv1.ImportService_ListOmissions_FullMethodName: row,
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	contentv1.RegisterImportServiceServer(s.GRPC(), imports{})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, lis) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	conn, err := rpc.Dial(b.Context(), rpc.ClientOptions{
		Target: lis.Addr().String(), Service: rpc.Content, Identity: w.ca.Source(b, rpc.Gateway), Telemetry: newTelemetry(b),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := conn.Close(); err != nil {
			b.Error(err)
		}
	})
	return conn
}

// BenchmarkGatedRead measures a read over mutual TLS that is answered once its
// record is durable in the audit service, at 32 callers.
func BenchmarkGatedRead(b *testing.B) {
	client := contentv1.NewImportServiceClient(newWorld(b).gated(b))
	request := &contentv1.GetImportRequest{Id: audittest.ID()}
	waits := make([]time.Duration, b.N)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := range next {
				started := time.Now()
				if _, err := client.GetImport(b.Context(), request); err != nil {
					b.Error(err)
				}
				waits[i] = time.Since(started)
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		next <- i
	}
	close(next)
	wg.Wait()
	b.StopTimer()
	slices.Sort(waits)
	for name, q := range map[string]float64{"p50-ms": .5, "p99-ms": .99} {
		b.ReportMetric(float64(waits[int(q*float64(len(waits)-1))].Microseconds())/1000, name)
	}
}
