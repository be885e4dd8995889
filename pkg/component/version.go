package component

// EngineName names the engine that is linked. A test holds it against the module
// that go.mod requires.
func EngineName() string { return "wasmtime 44.0.0" }
