// Command validation is the service that checks medical content with the
// installed validators.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/validation/internal/app"
)

func main() { os.Exit(service.Main("validation", app.Run)) }
