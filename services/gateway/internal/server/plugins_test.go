package server_test

import (
	"bytes"
	"strings"
	"testing"
)

func packageOf(path string, size int) request {
	return request{method: "POST", path: path, reader: bytes.NewReader(make([]byte, size)),
		header: map[string]string{"Content-Type": "application/vnd.hygia.plugin.v1.tar"}}
}

func TestAPackageIsStreamedToTheServiceThatThePathNames(t *testing.T) {
	w := start(t, nil)
	response, text := w.do(t, packageOf("/v1/services/validation/plugins?canaryPercent=5", 600<<10))
	if response.StatusCode != 200 || !strings.Contains(text, `"name":"validation"`) ||
		!strings.Contains(text, `"canaryPercent":5`) || !strings.Contains(text, `"calls":"614400"`) {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	response, text = w.do(t, request{method: "GET", path: "/v1/services/audit/plugins"})
	if response.StatusCode != 200 || !strings.Contains(text, `"name":"audit"`) {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

func TestPackagesThatAreRefused(t *testing.T) {
	w := start(t, nil)
	w.refused(t, packageOf("/v1/services/accounts/plugins", 10), 404, "SERVICE_NOT_FOUND")
	w.refused(t, request{method: "GET", path: "/v1/services/accounts/plugins"}, 404, "SERVICE_NOT_FOUND")
	w.refused(t, packageOf("/v1/services/validation/plugins", 0), 400, "BODY_EMPTY")
	w.refused(t, packageOf("/v1/services/validation/plugins?canaryPercent=x", 10), 400, "FIELD_TYPE")
	w.refused(t, packageOf("/v1/services/validation/plugins?share=5", 10), 400, "UNKNOWN_FIELD")
	w.refused(t, packageOf("/v1/services/validation/plugins?chunk=5", 10), 400, "UNKNOWN_FIELD")
	r := packageOf("/v1/services/validation/plugins", 10)
	r.header["Authorization"] = ""
	w.refused(t, r, 401, "TOKEN_MISSING")
	r = packageOf("/v1/services/validation/plugins", 10)
	r.header["Content-Type"] = "application/json"
	w.refused(t, r, 415, "CONTENT_TYPE_REFUSED")
}
