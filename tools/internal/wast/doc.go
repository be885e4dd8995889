// Package wast reads .wast files, the scripts of WebAssembly's test suites, into
// directives. It takes apart what a runner needs (assertions, invocations,
// values) and leaves the text of modules and components as it is, for an
// assembler to read.
package wast
