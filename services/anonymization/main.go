// Command anonymization is the service that finds personal data in text and
// takes it out.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/anonymization/internal/app"
)

func main() { os.Exit(service.Main("anonymization", app.Run)) }
