package alert

import "time"

// The pace of mails [SEC-60].
const (
	kindPause = 5 * time.Minute // between two mails with alerts of one kind
	hourly    = 20              // mails in any hour
)

// pace remembers the mails that were sent recently.
type pace struct {
	Last map[Kind]time.Time `json:"last,omitempty"`
	Hour []time.Time        `json:"hour,omitempty"` // the newest mails, oldest first, at most hourly
}

// note records a mail with these alerts.
func (p *pace) note(alerts []Alert, now time.Time) {
	if p.Last == nil {
		p.Last = make(map[Kind]time.Time)
	}
	for _, a := range alerts {
		p.Last[a.Kind] = now
	}
	p.Hour = append(p.Hour, now)
	if n := len(p.Hour); n > hourly {
		p.Hour = append([]time.Time(nil), p.Hour[n-hourly:]...)
	}
}

// ready reports whether a mail may contain alerts of the kind now.
func (p *pace) ready(k Kind, now time.Time) bool { return !now.Before(p.from(k)) }

// from returns when the kind may be mailed again. After the clock was set back, it
// waits for one pause at most, see [pace.mend].
func (p *pace) from(k Kind) time.Time {
	last, was := p.Last[k]
	if !was {
		return time.Time{}
	}
	return last.Add(kindPause)
}

// next returns when the next mail with any of these alerts may be sent.
func (p *pace) next(alerts []Alert) time.Time {
	var first time.Time
	for i, a := range alerts {
		if at := p.from(a.Kind); i == 0 || at.Before(first) {
			first = at
		}
	}
	if len(p.Hour) >= hourly {
		if at := p.Hour[len(p.Hour)-hourly].Add(time.Hour); at.After(first) {
			first = at
		}
	}
	return first
}

// mend forgets mails with a time in the future: the clock was set back since.
func (p *pace) mend(now time.Time) {
	for k, at := range p.Last {
		if at.After(now) {
			p.Last[k] = now
		}
	}
	for i, at := range p.Hour {
		if at.After(now) {
			p.Hour[i] = now
		}
	}
}
