// Package naming turns WIT's kebab-case names into those of Go and of Protocol
// Buffers.
package naming

import "strings"

// Exported gives the exported Go name: "source-id" becomes SourceID.
func Exported(kebab string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(kebab, "-") {
		b.WriteString(title(word))
	}
	return b.String()
}

// Unexported gives the unexported Go name: "source-id" becomes sourceID, and
// "html-body" htmlBody. It may be a keyword of Go; a Scope sees to that.
func Unexported(kebab string) string {
	first, rest, _ := strings.Cut(kebab, "-")
	first = strings.ToLower(first)
	if rest == "" {
		return first
	}
	return first + Exported(rest)
}

// title makes a word begin with a capital, or consist of them where Go writes it
// so: beside Go's usual initialisms stand those of Brazilian registers and of
// this field.
func title(word string) string {
	switch small := strings.ToLower(word); small {
	case "":
		return ""
	case "api", "cfm", "cns", "cnpj", "cpf", "crm", "css", "dns", "eof", "fhir", "html", "http", "https", "id", "io",
		"ip", "json", "lgpd", "oci", "ok", "rpc", "rqe", "spiffe", "sql", "tcp", "tls", "ttl", "udp", "uri", "url",
		"utf8", "uuid", "xml":
		return strings.ToUpper(word)
	case "ids", "urls":
		return strings.ToUpper(small[:len(small)-1]) + "s"
	default:
		return strings.ToUpper(word[:1]) + word[1:]
	}
}

// Snake gives the name of a field in proto: "source-id" becomes source_id.
func Snake(kebab string) string {
	return strings.ToLower(strings.ReplaceAll(kebab, "-", "_"))
}

// Screaming gives the name of an enum's value in proto: "source-id" becomes
// SOURCE_ID.
func Screaming(kebab string) string { return strings.ToUpper(Snake(kebab)) }

// Message gives the name of a message in proto: "entry-kind" becomes EntryKind.
// Acronyms are words like others there, as the proto style guide asks, but for
// those that the contract itself writes in capitals.
func Message(kebab string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(kebab, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
