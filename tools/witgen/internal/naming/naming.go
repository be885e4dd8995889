// Package naming turns WIT's kebab-case names into those of Go and of Protocol
// Buffers.
package naming

import "strings"

// initialisms are written in capitals in Go names, whatever their place. Beside
// Go's usual ones stand those of Brazilian registers and of this field.
var initialisms = map[string]string{
	"api": "API", "cfm": "CFM", "cns": "CNS", "cnpj": "CNPJ", "cpf": "CPF",
	"crm": "CRM", "css": "CSS", "dns": "DNS", "eof": "EOF", "fhir": "FHIR",
	"html": "HTML", "http": "HTTP", "https": "HTTPS", "id": "ID", "ids": "IDs",
	"io": "IO", "ip": "IP", "json": "JSON", "lgpd": "LGPD", "oci": "OCI", "ok": "OK",
	"rpc": "RPC", "rqe": "RQE", "spiffe": "SPIFFE", "sql": "SQL", "tcp": "TCP",
	"tls": "TLS", "ttl": "TTL", "udp": "UDP", "uri": "URI", "url": "URL",
	"urls": "URLs", "utf8": "UTF8", "uuid": "UUID", "xml": "XML",
}

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

func title(word string) string {
	if s, ok := initialisms[strings.ToLower(word)]; ok {
		return s
	}
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
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
