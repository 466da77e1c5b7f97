package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed copy/tr.json copy/en.json
var texts embed.FS

// Languages the texts exist in; the first is the one used when nothing is
// known about the reader.
func Languages() []string { return []string{"tr", "en"} }

// catalog reads the embedded texts once. They are part of the binary, so a
// fault in them is a fault of the build and panics.
var catalog = sync.OnceValue(func() map[string]map[string]string {
	all := make(map[string]map[string]string, len(Languages()))
	for _, lang := range Languages() {
		raw, err := texts.ReadFile("copy/" + lang + ".json")
		if err != nil {
			panic(fmt.Sprintf("web: copy %s: %v", lang, err))
		}
		var flat map[string]string
		if err := json.Unmarshal(raw, &flat); err != nil {
			panic(fmt.Sprintf("web: copy %s: %v", lang, err))
		}
		all[lang] = flat
	}
	return all
})

// Text returns the text of a key as it stands in the catalog, blanks unfilled.
// A language that does not exist, and a key that does not, are false.
func Text(lang, key string) (string, bool) {
	text, ok := catalog()[lang][key]
	return text, ok
}

// Fill puts values into the blanks of a text: "{name}" becomes
// fields["name"]. A blank without a value stays as it is. A text of two forms,
// "one | other" (English only), is decided by fields["n"] being "1"; where it
// has no {n}, by fields["used"].
func Fill(text string, fields map[string]string) string {
	if one, other, two := strings.Cut(text, " | "); two {
		count, has := fields["n"]
		if !has {
			count = fields["used"]
		}
		text = other
		if count == "1" {
			text = one
		}
	}
	if !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, 2*len(fields))
	for name, value := range fields {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Language picks one of [Languages] from a choice made before (the lang cookie
// or the lang of a handshake) and, where that says nothing, from an
// Accept-Language header (RFC 9110, section 12.5.4). Unknown choices count as
// none.
func Language(choice, acceptLanguage string) string {
	if slices.Contains(Languages(), choice) {
		return choice
	}
	best, weight := Languages()[0], 0.0
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if !slices.Contains(Languages(), base) {
			continue
		}
		if w := quality(params); w > weight {
			best, weight = base, w
		}
	}
	return best
}

// quality is the q of one Accept-Language part; 1 when it is not given, 0 when
// it cannot be read.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		w, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || w < 0 || w > 1 {
			return 0
		}
		return w
	}
	return 1
}
