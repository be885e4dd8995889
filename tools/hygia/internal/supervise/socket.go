package supervise

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSocketPath is what every system takes as the path of a unix socket, in
// bytes: sun_path has 104 on the BSDs and 108 on Linux, with a final zero.
const maxSocketPath = 103

// socketName is the Workload API's.
const socketName = "spiffe.sock"

// socketPath gives a path for the socket that belongs to a folder. Where the
// folder lies too deep, it is one under the system's folder for temporary files,
// which this user alone can enter, and always the same for the same folder; away tells so.
func socketPath(folder string) (path string, away bool, err error) {
	if path = filepath.Join(folder, socketName); len(path) <= maxSocketPath {
		return path, false, nil
	}
	sum := sha256.Sum256([]byte(folder))
	short := filepath.Join(os.TempDir(), "hygia-"+strconv.Itoa(os.Getuid())+"-"+hex.EncodeToString(sum[:6]))
	if path = filepath.Join(short, socketName); len(path) > maxSocketPath {
		return "", false, fmt.Errorf("no place for a unix socket: %s and %s are both too long", folder, short)
	}
	if err := os.Mkdir(short, 0o700); err != nil && !os.IsExist(err) {
		return "", false, err
	}
	// Somebody else may have made it before: then it is not safe.
	info, err := os.Lstat(short)
	if err != nil {
		return "", false, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ok || int(owner.Uid) != os.Getuid() {
		return "", false, fmt.Errorf("%s exists and is not this user's alone: remove it", short)
	}
	return path, true, nil
}
