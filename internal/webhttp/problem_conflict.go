package webhttp

import (
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
	"github.com/turnike/turnike/internal/wire"
)

// liveSession is one of the user's live sessions, as the problems already_active
// and takeover_required list them.
type liveSession struct {
	ID         string `json:"id"`
	Device     string `json:"device"`
	Since      string `json:"since"`
	LastActive string `json:"last_active"`
	Connected  bool   `json:"connected"` // whether it is in use now
}

func liveSessions(sessions []session.LiveSession) []liveSession {
	out := make([]liveSession, len(sessions))
	for i, s := range sessions {
		out[i] = liveSession{s.ID, s.Device, wire.Timestamp(s.Created), wire.Timestamp(s.LastActive), s.Connected}
	}
	return out
}

// takeoverText returns the sentence that says why a login has to be confirmed.
func takeoverText(e *session.TakeoverError) func(lang string) string {
	return func(lang string) string { return text.Takeover(lang, e.Cause == session.CauseSharing) }
}

// activeText returns the sentence that says on which device the account was used
// last.
func activeText(e *session.ActiveError) func(lang string) string {
	var device string
	var last time.Time
	for _, s := range e.Sessions {
		if s.LastActive.After(last) {
			device, last = s.Device, s.LastActive
		}
	}
	return func(lang string) string { return text.Active(lang, device, time.Since(last)) }
}
