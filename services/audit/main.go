// Command audit is the audit service: an append-only Merkle log of every access,
// its proofs and its query index.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/audit/internal/app"
)

func main() { os.Exit(service.Main("audit", app.Run)) }
