package supervise

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// TrustFile names, in the suite's folder, the keys whose plugins are accepted.
const TrustFile = "trust.json"

// settings writes a service's configuration file. Its keys are those of
// pkg/service.Config, which refuses unknown ones.
func (s *Suite) settings(sv service) ([]byte, error) {
	values := map[string]any{
		"listen":       "fd:3",
		"metrics":      "fd:4",
		"data_dir":     s.config.Folder.Path(sv.name),
		"trust_domain": s.config.TrustDomain,
		"development":  s.config.Development,
		"log":          map[string]string{"level": s.config.LogLevel, "format": "json"},
	}
	if s.config.Traces != "" {
		values["traces"] = map[string]string{"endpoint": s.config.Traces}
	}
	if sv.hosts {
		// One person runs all of it: whoever administers a tenant manages plugins.
		values["plugins"] = map[string]any{"trust": s.config.Folder.Path(TrustFile), "administrators": []string{"any"}}
	}
	for _, name := range sv.calls {
		values[name] = s.sockets[name].serve.address
	}
	text, err := yaml.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", sv.name, err)
	}
	return append([]byte("# Written by `hygia up` at every start; changes here are lost.\n"), text...), nil
}
