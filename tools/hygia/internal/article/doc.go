// Package article reads an article from a file, as text, Markdown or HTML, into
// the document that validators see, and finds the place in the file of what a
// validator names in the document.
package article
