package wasi

import "github.com/hygia-suite/hygia/pkg/component"

// The resources of wasi:filesystem, of which there are none: no folder is given,
// and a file is only ever opened in a folder.
//
//nolint:gochecknoglobals // immutable
var (
	descriptor           = resource("filesystem/types", "descriptor")
	directoryEntryStream = resource("filesystem/types", "directory-entry-stream")
)

// The types of wasi:filesystem.
//
//nolint:gochecknoglobals // immutable
var (
	descriptorType = component.EnumOf("descriptor-type", "unknown", "block-device", "character-device",
		"directory", "fifo", "symbolic-link", "regular-file", "socket")
	descriptorFlags = component.FlagsOf("descriptor-flags", "read", "write", "file-integrity-sync",
		"data-integrity-sync", "requested-write-sync", "mutate-directory")
	pathFlags      = component.FlagsOf("path-flags", "symlink-follow")
	openFlags      = component.FlagsOf("open-flags", "create", "directory", "exclusive", "truncate")
	descriptorStat = component.RecordOf("descriptor-stat", param("type", descriptorType),
		param("link-count", u64), param("size", u64), param("data-access-timestamp", component.OptionOf(datetime)),
		param("data-modification-timestamp", component.OptionOf(datetime)),
		param("status-change-timestamp", component.OptionOf(datetime)))
	newTimestamp = component.VariantOf("new-timestamp", component.Case{Name: "no-change"},
		component.Case{Name: "now"}, component.Case{Name: "timestamp", Type: datetime})
	directoryEntry = component.RecordOf("directory-entry", param("type", descriptorType), param("name", component.String))
	fileError      = component.EnumOf("error-code", "access", "would-block", "already", "bad-descriptor", "busy",
		"deadlock", "quota", "exist", "file-too-large", "illegal-byte-sequence", "in-progress", "interrupted",
		"invalid", "io", "is-directory", "loop", "too-many-links", "message-size", "name-too-long", "no-device",
		"no-entry", "no-lock", "insufficient-memory", "insufficient-space", "not-directory", "not-empty",
		"not-recoverable", "unsupported", "no-tty", "no-such-device", "overflow", "not-permitted", "pipe",
		"read-only", "invalid-seek", "text-file-busy", "cross-device")
	advice            = component.EnumOf("advice", "normal", "sequential", "random", "will-need", "dont-need", "no-reuse")
	metadataHashValue = component.RecordOf("metadata-hash-value", param("lower", u64), param("upper", u64))
)

func (a adder) addFilesystem() {
	a.add("filesystem/preopens",
		function{"get-directories", nil, component.ListOf(component.TupleOf(component.OwnOf(descriptor), component.String)), empty})
	a.addFiles()
	a.addPaths()
	a.add("filesystem/types",
		method(directoryEntryStream, "read-directory-entry", nil, fileResult(component.OptionOf(directoryEntry)), nil),
		function{"filesystem-error-code", params(param("err", component.BorrowOf(ioError))), component.OptionOf(fileError), nil},
	)
}

func fileResult(ok *component.Type) *component.Type { return component.ResultOf(ok, fileError) }

// addFiles adds what a descriptor does with itself.
func (a adder) addFiles() {
	offset, length := param("offset", u64), param("length", u64)
	done := fileResult(nil)
	a.add("filesystem/types",
		method(descriptor, "read-via-stream", params(offset), fileResult(component.OwnOf(inputStream)), nil),
		method(descriptor, "write-via-stream", params(offset), fileResult(component.OwnOf(outputStream)), nil),
		method(descriptor, "append-via-stream", nil, fileResult(component.OwnOf(outputStream)), nil),
		method(descriptor, "advise", params(offset, length, param("advice", advice)), done, nil),
		method(descriptor, "sync-data", nil, done, nil),
		method(descriptor, "get-flags", nil, fileResult(descriptorFlags), nil),
		method(descriptor, "get-type", nil, fileResult(descriptorType), nil),
		method(descriptor, "set-size", params(param("size", u64)), done, nil),
		method(descriptor, "set-times", timestamps(), done, nil),
		method(descriptor, "read", params(length, offset), fileResult(component.TupleOf(bytes, component.Bool)), nil),
		method(descriptor, "write", params(param("buffer", bytes), offset), fileResult(u64), nil),
		method(descriptor, "read-directory", nil, fileResult(component.OwnOf(directoryEntryStream)), nil),
		method(descriptor, "sync", nil, done, nil),
		method(descriptor, "stat", nil, fileResult(descriptorStat), nil),
		method(descriptor, "is-same-object", params(param("other", component.BorrowOf(descriptor))), component.Bool, nil),
		method(descriptor, "metadata-hash", nil, fileResult(metadataHashValue), nil),
	)
}

// addPaths adds what a descriptor does with the paths below it.
func (a adder) addPaths() {
	path, follow := param("path", component.String), param("path-flags", pathFlags)
	target := params(param("new-descriptor", component.BorrowOf(descriptor)), param("new-path", component.String))
	done := fileResult(nil)
	a.add("filesystem/types",
		method(descriptor, "create-directory-at", params(path), done, nil),
		method(descriptor, "stat-at", params(follow, path), fileResult(descriptorStat), nil),
		method(descriptor, "set-times-at", append(params(follow, path), timestamps()...), done, nil),
		method(descriptor, "link-at", append(params(param("old-path-flags", pathFlags), param("old-path", component.String)), target...), done, nil),
		method(descriptor, "open-at", params(follow, path, param("open-flags", openFlags), param("flags", descriptorFlags)),
			fileResult(component.OwnOf(descriptor)), nil),
		method(descriptor, "readlink-at", params(path), fileResult(component.String), nil),
		method(descriptor, "remove-directory-at", params(path), done, nil),
		method(descriptor, "rename-at", append(params(param("old-path", component.String)), target...), done, nil),
		method(descriptor, "symlink-at", params(param("old-path", component.String), param("new-path", component.String)), done, nil),
		method(descriptor, "unlink-file-at", params(path), done, nil),
		method(descriptor, "metadata-hash-at", params(follow, path), fileResult(metadataHashValue), nil),
	)
}

func timestamps() []component.Field {
	return params(param("data-access-timestamp", newTimestamp), param("data-modification-timestamp", newTimestamp))
}
