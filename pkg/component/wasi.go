package component

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/cgo"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// waiterInstances is how many core instances the waiter has: see wasi.c.
const waiterInstances = 1

// WASI grants folders, with wasmtime's own WASI 0.2: its clocks and random
// numbers, and nothing else. The arguments and the environment are empty, standard
// input is at its end, no socket can be made and no name is looked up. A guest
// cannot reach a file outside of its folders, whatever path or symbolic link it
// uses. A timer ends after 5 ms at the latest, however long the guest meant to
// sleep. For a component without folders there is package wasi.
type WASI struct {
	Folders []Folder
	// Output gets what guests write to standard output and error, one write at a
	// time, possibly after the call that wrote it; nil discards it. Past
	// OutputBytes, counted over the program's life, the rest is discarded, and
	// Config.Observe is told so once, of ErrLog: 1 MiB by default.
	Output      io.Writer
	OutputBytes int64
}

// Folder is a folder of the host that guests see.
type Folder struct {
	Host     string // path on the host; it must exist
	Guest    string // path that the guest sees, as in "/import"
	ReadOnly bool
}

// isWASI knows the interfaces of WASI 0.2 that a grant gives. Everything newer is
// left out.
func isWASI(iface string) bool {
	name, ok := strings.CutSuffix(track(iface), "@0.2")
	return ok && slices.Contains([]string{
		"wasi:cli/environment", "wasi:cli/exit", "wasi:cli/stdin", "wasi:cli/stdout", "wasi:cli/stderr",
		"wasi:cli/terminal-input", "wasi:cli/terminal-output", "wasi:cli/terminal-stdin",
		"wasi:cli/terminal-stdout", "wasi:cli/terminal-stderr",
		"wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock",
		"wasi:filesystem/preopens", "wasi:filesystem/types",
		"wasi:io/error", "wasi:io/poll", "wasi:io/streams",
		"wasi:random/insecure", "wasi:random/insecure-seed", "wasi:random/random",
		"wasi:sockets/instance-network", "wasi:sockets/ip-name-lookup", "wasi:sockets/network",
		"wasi:sockets/tcp", "wasi:sockets/tcp-create-socket", "wasi:sockets/udp", "wasi:sockets/udp-create-socket",
	}, name)
}

// grant puts WASI into the program's linker.
func (p *Program) grant(w *WASI) error {
	folders := carray[C.hy_folder](&p.mem, len(w.Folders))
	for i, f := range w.Folders {
		if err := f.check(); err != nil {
			return err
		}
		folders[i] = C.hy_folder{
			host:      p.mem.name(f.Host).data,
			guest:     p.mem.name(f.Guest).data,
			read_only: C.bool(f.ReadOnly),
		}
	}
	p.c.folders, p.c.folder_count = unsafe.SliceData(folders), C.uint32_t(len(folders))
	p.c.wasi = true
	if w.Output != nil {
		o := &output{w: w.Output, left: w.OutputBytes}
		def(&o.left, 1<<20)
		most := o.left
		o.full = func() { p.Breached(&LimitError{Limit: LimitLog, Max: most}) }
		p.output = cgo.NewHandle(o)
		p.c.output = C.uintptr_t(p.output)
	}
	var message C.hy_buffer
	ok := C.hy_link_wasi(p.c, &message)
	if text := take(&message); !ok {
		return errors.New("component: link WASI: " + reason(string(text)))
	}
	return nil
}

func (f Folder) check() error {
	if f.Guest == "" || strings.ContainsRune(f.Host+f.Guest, 0) {
		return fmt.Errorf("%w: empty or malformed path", ErrFolder)
	}
	info, err := os.Stat(f.Host)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: not a folder", ErrFolder)
	}
	return nil
}

// output bounds what guests write.
type output struct {
	mu   sync.Mutex
	w    io.Writer
	left int64
	full func() // nil once called
}

func (o *output) write(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(int64(len(b)), o.left)
	if n < int64(len(b)) && o.full != nil {
		o.full()
		o.full = nil
	}
	if n <= 0 {
		return
	}
	o.left -= n
	_, _ = o.w.Write(slices.Clone(b[:n])) // a writer's failure is not the guest's
}
