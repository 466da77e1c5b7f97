package alert

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/turnike/turnike/internal/feed"
	"github.com/turnike/turnike/internal/session"
)

// state is everything that outlives the process. It is written as one value, so
// that the place in the log and what was read up to it never disagree.
type state struct {
	Cursor      feed.Cursor                   `json:"places"` // how far the log was read
	Pools       map[session.PoolID]*occupancy `json:"pools"`
	Guesses     guesses                       `json:"guesses"`
	Refused     refusals                      `json:"refused,omitempty"`
	Certificate string                        `json:"certificate,omitempty"` // the last one that was told of
	Waiting     queue                         `json:"waiting"`
	Out         *digest                       `json:"out,omitempty"` // under way
	Pace        pace                          `json:"pace"`
}

// digest is one mail under way. It is written down before it is sent.
type digest struct {
	ID      string    `json:"id"` // in its Message-ID, the same each time it is sent
	Made    time.Time `json:"made"`
	Alerts  []Alert   `json:"alerts"`
	Omitted int       `json:"omitted,omitempty"`
	Done    []string  `json:"done,omitempty"`    // recipients for whom the server has accepted it
	Tries   int       `json:"tries,omitempty"`   // that failed
	Refused int       `json:"refused,omitempty"` // of them, for good
	Next    time.Time `json:"next"`              // the next try
}

// begin is the state of a server that was never told to send mails: what is in
// the log already is no news.
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

// underWay is how many alerts are in the digest that is being sent.
func (s *state) underWay() int {
	if s.Out == nil {
		return 0
	}
	return len(s.Out.Alerts)
}

// due is when the next digest may be made; false when nothing waits.
func (s *state) due() (time.Time, bool) {
	return s.Pace.next(s.Waiting.Alerts), len(s.Waiting.Alerts)+s.Waiting.Omitted > 0
}

// compose makes a digest of what may be mailed now.
func (s *state) compose(now time.Time) {
	alerts, omitted := s.Waiting.take(func(k Kind) bool { return s.Pace.ready(k, now) })
	s.Out = &digest{ID: rand.Text(), Made: now, Alerts: alerts, Omitted: omitted, Next: now}
}
