// Command accounts is the service that knows who people are, what they may do,
// and how they prove it.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/accounts/internal/server"
)

func main() { os.Exit(service.Main("accounts", server.Run)) }
