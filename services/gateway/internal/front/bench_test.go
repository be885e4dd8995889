package front_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// What the front costs a read, before and after grpc-gateway.
func BenchmarkRead(b *testing.B) {
	f, _ := build(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	r := httptest.NewRequest(http.MethodGet, "/v1/entries/018f8a1e-7c1d-7000-8000-000000000001", nil)
	r.Header.Set("Authorization", "Bearer hyg_test")
	b.ReportAllocs()
	for b.Loop() {
		f.ServeHTTP(httptest.NewRecorder(), r)
	}
}
