package alert

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/web"
)

// prefix starts every subject. Inside a digest it is left out.
const prefix = "[Turnike] "

// words writes digests in one language.
type words struct {
	lang string
	url  string // of the server
}

// digest returns subject and body of a digest. The subject is that of its only
// alert, or the number of alerts.
func (w words) digest(d *digest) (subject, body string) {
	var b strings.Builder
	total := len(d.Alerts) + d.Omitted
	if total == 1 && len(d.Alerts) == 1 && headable(d.Alerts[0]) {
		subject = w.subject(d.Alerts[0])
		b.WriteString(w.body(d.Alerts[0], d.Made) + "\n")
	} else {
		subject = w.say("mail.digest.s", map[string]string{"n": strconv.Itoa(total)})
		for _, a := range d.Alerts {
			b.WriteString("* " + strings.TrimPrefix(w.subject(a), prefix) + "\n  " + w.body(a, d.Made) + "\n\n")
		}
		if d.Omitted > 0 {
			b.WriteString(w.say("mail.digest.more", map[string]string{"n": strconv.Itoa(d.Omitted)}) + "\n")
		}
	}
	b.WriteString("\n-- \n" + w.say("mail.digest.foot", map[string]string{"url": w.url}) + "\n")
	return subject, b.String()
}

// test returns subject and body of the mail of `turnike mail test`.
func (w words) test(host string) (subject, body string) {
	return w.say("mail.test.s", nil), w.say("mail.test.b", map[string]string{"host": host}) + "\n\n-- \n" +
		w.say("mail.digest.foot", map[string]string{"url": w.url}) + "\n"
}

func (w words) subject(a Alert) string { return w.say("mail."+string(a.Kind)+".s", w.fields(a, a.At)) }

func (w words) body(a Alert, made time.Time) string {
	return w.say("mail."+string(a.Kind)+".b", w.fields(a, made))
}

func (w words) say(key string, fields map[string]string) string {
	text, ok := web.Text(w.lang, key)
	if !ok {
		return key
	}
	return web.Fill(text, fields)
}

// fields returns the values for the placeholders in an alert's texts.
func (w words) fields(a Alert, made time.Time) map[string]string {
	about := visible(a.About)
	name := about // of an account; what was guessed is a stranger's word
	if a.Kind == Guessing {
		name = cmp.Or(visible(a.Name), "-") // no account of that name
	}
	fields := map[string]string{
		"pool": about, "host": about, "name": name,
		"n": strconv.Itoa(a.N), "max": strconv.Itoa(a.Max), "used": strconv.Itoa(a.Used),
		"time": w.clock(a.At, made), "from": w.clock(a.At, made), "to": w.clock(a.Until, made), "date": w.date(a.Until),
	}
	if a.Kind == Over {
		delete(fields, "n") // the number that the sentence depends on is used
	}
	return fields
}

// clock is a time of the day the mail was made, or with its day.
func (w words) clock(at, made time.Time) string {
	at, made = at.UTC(), made.UTC()
	text := at.Format("15:04:05") + " UTC"
	if at.YearDay() != made.YearDay() || at.Year() != made.Year() {
		text = strconv.Itoa(at.Day()) + " " + w.month(at) + " " + text
	}
	return text
}

func (w words) date(at time.Time) string {
	at = at.UTC()
	return strconv.Itoa(at.Day()) + " " + w.month(at) + " " + strconv.Itoa(at.Year())
}

func (w words) month(at time.Time) string {
	if w.lang == "tr" {
		return strings.Fields("Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara")[at.Month()-1]
	}
	return at.Format("Jan")
}

// headable reports whether the name in an alert's subject is one that the
// operator could have given. No other name gets into a header [SEC-60].
func headable(a Alert) bool {
	switch a.Kind {
	case Limit, Over:
		_, err := account.ParsePool(a.About)
		return err == nil
	case Sharing:
		name, err := account.ParseName(a.About)
		return err == nil && name == a.About
	}
	return true // no name in it
}

// visible turns text that a stranger typed into one line without control
// characters.
func visible(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > account.MaxNameRunes {
			b.WriteRune('…')
			break
		}
		if !unicode.IsGraphic(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}
