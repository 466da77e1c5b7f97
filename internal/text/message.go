// Package text says the codes of the contract in the reader's language.
//
// It owns which fields a sentence may use and how durations are written; the
// sentences themselves are in package web. It must not know HTTP or sockets
// beyond the headers that name a language.
package text

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/web"
)

// LanguageCookie holds the reader's choice of language.
const LanguageCookie = "lang"

// programs is the language of programs that ask for none.
const programs = "en"

// Language is the language of the reader of a request: the one chosen before, else
// the one that is asked for. Whoever asks for none is answered as a browser is, or
// in English where it is a program.
func Language(r *http.Request) string {
	var choice string
	if c, err := r.Cookie(LanguageCookie); err == nil && slices.Contains(web.Languages(), c.Value) {
		choice = c.Value
	}
	asked := strings.Join(r.Header.Values("Accept-Language"), ",")
	if choice == "" && anyLanguage(asked) && !browser(r) {
		return programs
	}
	return web.Language(choice, asked)
}

// anyLanguage tells whether an Accept-Language header names no language (RFC 9110,
// section 12.5.4).
func anyLanguage(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(part, ";")
		if tag = strings.TrimSpace(tag); tag != "" && tag != "*" {
			return false
		}
	}
	return true
}

// browser tells what is sure to come from a browser, among requests that name no
// language: it asks for a page, or says which site has caused it.
func browser(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") || r.Header.Get("Sec-Fetch-Site") != ""
}

// Fields fill the blanks of a sentence; zero ones are left out.
type Fields struct {
	At    time.Time     // {time}
	Wait  time.Duration // {dur}
	Max   int           // {max}
	Used  int           // {used}
	ID    string        // {id}
	Extra map[string]string
}

// Of is the sentence for a code. ended tells the code of an ended session or
// connection from that of a refusal. A code without a sentence is said as it
// is.
func Of(lang, code string, ended bool, f Fields) string {
	key, ok := web.MessageKey(code, ended)
	if !ok {
		return code
	}
	return sentence(lang, code, key, f)
}

// Full is the sentence for a login to a full pool, which opened no session [S9].
func Full(lang string, f Fields) string { return sentence(lang, "seat_limit", "full.b.login", f) }

// Takeover is the sentence for a login that has to be confirmed: because the
// account changes hands all the time [A6], or always [A4].
func Takeover(lang string, war bool) string {
	if war {
		return sentence(lang, "takeover_required", "takeover_required.b", Fields{})
	}
	return sentence(lang, "takeover_required", "ask.b", Fields{})
}

// Active is the sentence for a login to an account in use, on a device that was
// active so long ago [A4].
func Active(lang, device string, ago time.Duration) string {
	if device == "" {
		device, _ = web.Text(lang, "device.unknown")
	}
	text, _ := web.Text(lang, "ago.now")
	if ago >= time.Minute {
		text, _ = web.Text(lang, "ago")
		text = web.Fill(text, map[string]string{"dur": Duration(lang, ago.Truncate(time.Minute))})
	}
	return sentence(lang, "already_active", "already_active.b", Fields{Extra: map[string]string{"device": device, "ago": text}})
}

func sentence(lang, code, key string, f Fields) string {
	text, ok := web.Text(lang, key)
	if !ok {
		return code
	}
	fields := map[string]string{
		"code": code,
		"id":   f.ID,
		"max":  strconv.Itoa(f.Max),
		"used": strconv.Itoa(f.Used),
		"dur":  Duration(lang, f.Wait),
	}
	if !f.At.IsZero() {
		fields["time"] = f.At.UTC().Format("15:04:05") + " UTC"
	}
	for k, v := range f.Extra {
		fields[k] = v
	}
	if stem, isBody := strings.CutSuffix(key, ".b"); isBody {
		for _, title := range []string{stem + ".t", stem} {
			if t, ok := web.Text(lang, title); ok {
				text = t + ". " + text // what happened, then what now
				break
			}
		}
	}
	return web.Fill(text, fields)
}

// Duration writes a duration in at most two units.
func Duration(lang string, d time.Duration) string {
	h, m, s := "h", "min", "s"
	if lang == "tr" {
		h, m, s = "sa", "dk", "sn"
	}
	seconds := int((d + time.Second - 1) / time.Second)
	two := func(a int, au string, b int, bu string) string {
		out := strconv.Itoa(a) + " " + au
		if b > 0 {
			out += " " + strconv.Itoa(b) + " " + bu
		}
		return out
	}
	switch {
	case seconds >= 3600:
		return two(seconds/3600, h, seconds%3600/60, m)
	case seconds >= 60:
		return two(seconds/60, m, seconds%60, s)
	default:
		return strconv.Itoa(seconds) + " " + s
	}
}
