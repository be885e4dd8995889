package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// show prints a value: as JSON where --json is given, else as human writes it.
// Messages are proto3 JSON, with every field.
func (a *app) show(value any, human func(w io.Writer)) error {
	if !a.json {
		human(a.env.Stdout)
		return nil
	}
	if message, ok := value.(proto.Message); ok {
		value = messageJSON(message)
	}
	encoder := json.NewEncoder(a.env.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// messageJSON is a message inside another JSON value. protojson varies its white
// space on purpose; compacting takes that out.
func messageJSON(m proto.Message) json.RawMessage {
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return json.RawMessage("null") // not of a message that was read from JSON
	}
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		return json.RawMessage("null")
	}
	return out.Bytes()
}

func messagesJSON[M proto.Message](messages []M) []json.RawMessage {
	out := make([]json.RawMessage, len(messages))
	for i, m := range messages {
		out[i] = messageJSON(m)
	}
	return out
}

// table aligns columns of cells.
func table(w io.Writer, header []string, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush() // a reader that went away misses the table
}

// enum gives an enum's value as a person writes it: ENTRY_STATUS_IN_REVIEW of
// prefix ENTRY_STATUS_ is "in review".
func enum(value fmt.Stringer, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(value.String(), prefix)), "_", " ")
}

// clip cuts text to so many characters, on one line.
func clip(text string, width int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

// when gives a time of the suite in UTC, to the second.
func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return t.AsTime().UTC().Format(time.DateTime)
}

// orDash shows that nothing is there.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// plural gives a count with its word.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// input opens a file, or standard input for "-".
func (a *app) input(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.env.Stdin), nil
	}
	file, err := os.Open(a.path(name))
	if err != nil {
		return nil, usageError{err: err}
	}
	return file, nil
}

// readInput reads a file, or standard input for "-", of at most limit bytes of
// UTF-8.
func (a *app) readInput(name string, limit int) (string, error) {
	in, err := a.input(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > limit {
		return "", usage("%s is larger than %d KiB, which is the most that the suite takes at once: split it", name, limit>>10)
	}
	if !utf8.Valid(text) {
		return "", usage("%s is not UTF-8: convert it first, for example with iconv", name)
	}
	return string(text), nil
}
