package alert

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/turnike/turnike/internal/feed"
	"github.com/turnike/turnike/internal/session"
)

// state is everything that outlives the process. It is saved as one value, so
// that the cursor always agrees with the alerts.
type state struct {
	Cursor      feed.Cursor                   `json:"places"` // how far the log was read
	Pools       map[session.PoolID]*occupancy `json:"pools"`
	Guesses     guesses                       `json:"guesses"`
	Refused     refusals                      `json:"refused,omitempty"`
	Certificate string                        `json:"certificate,omitempty"` // the last one that was reported
	Waiting     queue                         `json:"waiting"`
	Out         *digest                       `json:"out,omitempty"` // being sent
	Pace        pace                          `json:"pace"`
}

// digest is a mail being sent. It is saved before it is sent.
type digest struct {
	ID      string    `json:"id"` // part of its Message-ID, the same at each try
	Made    time.Time `json:"made"`
	Alerts  []Alert   `json:"alerts"`
	Omitted int       `json:"omitted,omitempty"`
	Done    []string  `json:"done,omitempty"`    // recipients for which the server accepted it
	Tries   int       `json:"tries,omitempty"`   // failed ones
	Refused int       `json:"refused,omitempty"` // failed tries that were permanent refusals
	Next    time.Time `json:"next"`              // the next try
}

// begin returns the state of a server that sends mails for the first time. It
// skips the events that are in the log already.
func begin(pools []session.Pool) *state {
	s := &state{Cursor: feed.At(pools), Pools: make(map[session.PoolID]*occupancy)}
	for _, p := range pools {
		s.Pools[p.ID] = &occupancy{Full: p.Limit > 0 && p.Used() >= p.Limit, Over: p.Used() > p.Limit}
	}
	return s
}

func decode(text string) (*state, error) {
	s := begin(nil)
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, err
	}
	if s.Cursor == nil || s.Pools == nil {
		return begin(nil), nil
	}
	return s, nil
}

func (s *state) encode() (string, error) {
	raw, err := json.Marshal(s)
	return string(raw), err
}

// add queues an alert.
func (s *state) add(a Alert) { s.Waiting.add(a, maxAlerts-s.underWay()) }

// underWay returns the number of alerts in the digest being sent.
func (s *state) underWay() int {
	if s.Out == nil {
		return 0
	}
	return len(s.Out.Alerts)
}

// due returns when the next digest may be composed, and whether anything waits.
func (s *state) due() (time.Time, bool) {
	return s.Pace.next(s.Waiting.Alerts), len(s.Waiting.Alerts)+s.Waiting.Omitted > 0
}

// compose makes a digest of the alerts that may be mailed now.
func (s *state) compose(now time.Time) {
	alerts, omitted := s.Waiting.take(func(k Kind) bool { return s.Pace.ready(k, now) })
	s.Out = &digest{ID: rand.Text(), Made: now, Alerts: alerts, Omitted: omitted, Next: now}
}
