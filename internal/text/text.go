// Package text turns codes of the contract into sentences in the reader's language.
//
// It owns which values a sentence may have in it and how durations are written; the
// sentences themselves are in package web. It must not know HTTP or sockets.
package text

import (
	"strconv"
	"strings"
	"time"

	"github.com/turnike/turnike/web"
)

// Fields are the values for the blanks of a sentence.
type Fields struct {
	At    time.Time     // {time}
	Wait  time.Duration // {dur}
	Max   int           // {max}
	Used  int           // {used}
	ID    string        // {id}
	Extra map[string]string
}

// Of returns the sentence for a code. ended says that the code belongs to an ended
// session or connection, and not to a refusal. For a code without a sentence it
// returns the code itself.
func Of(lang, code string, ended bool, f Fields) string {
	key, ok := web.MessageKey(code, ended)
	if !ok {
		return code
	}
	return sentence(lang, code, key, f)
}

// Full returns the sentence for a login that a full pool has refused [S9].
func Full(lang string, f Fields) string { return sentence(lang, "seat_limit", "full.b.login", f) }

// Takeover returns the sentence for a login that has to be confirmed: because the
// account seems to be shared [A6], or because every takeover has to be [A4].
func Takeover(lang string, shared bool) string {
	if shared {
		return sentence(lang, "takeover_required", "takeover_required.b", Fields{})
	}
	return sentence(lang, "takeover_required", "ask.b", Fields{})
}

// Active returns the sentence for a login to an account that is in use. ago is how long
// ago the device was active [A4].
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
				text = t + ". " + text // first what happened, then what to do
				break
			}
		}
	}
	return web.Fill(text, fields)
}

// Duration writes a duration in one or two units, rounded up to seconds.
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
