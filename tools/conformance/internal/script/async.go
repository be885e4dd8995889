package script

import "regexp"

// asyncWords are the words of the text format that only the asynchronous half of
// the component model has.
var asyncWords = regexp.MustCompile(`\basync\b|\bfuture\b|\bstream\b|error-context|\bwaitable|\bsubtask\.|\btask\.|\bbackpressure\.|\bcontext\.(get|set)|\bthread\.`)

func asyncText(text string) bool { return asyncWords.MatchString(text) }
