package trial

import (
	"encoding/json"
	"fmt"
)

// withMemory is the manifest with another limit of memory.
func withMemory(manifest []byte, limit int64) ([]byte, error) {
	var object, limits map[string]json.RawMessage
	if err := json.Unmarshal(manifest, &object); err != nil {
		return nil, err
	}
	if object["limits"] != nil {
		if err := json.Unmarshal(object["limits"], &limits); err != nil {
			return nil, err
		}
	}
	if limits == nil {
		limits = map[string]json.RawMessage{}
	}
	limits["memory_bytes"] = json.RawMessage(fmt.Sprint(limit))
	var err error
	if object["limits"], err = json.Marshal(limits); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}
