// Command content is the service that keeps entries, and takes them from a
// draft through a medical sign-off to the reader.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/content/internal/app"
)

func main() { os.Exit(service.Main("content", app.Run)) }
