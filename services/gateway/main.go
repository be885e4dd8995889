// Command gateway is the suite's edge: REST for every service, over HTTP.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/gateway/internal/server"
)

func main() { os.Exit(service.Main("gateway", server.Run)) }
