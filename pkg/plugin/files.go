package plugin

import "io/fs"

// Files gives the folder of a component in what a package embeds. The name is a
// constant of that package's: one that is no path is a defect, and panics.
func Files(embedded fs.FS, name string) fs.FS {
	dir, err := fs.Sub(embedded, name)
	if err != nil {
		panic(err)
	}
	return dir
}
