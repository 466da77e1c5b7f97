package api

import (
	"time"

	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/internal/text"
)

// standingSession is a session that stands in the way of a login.
type standingSession struct {
	ID         string `json:"id"`
	Device     string `json:"device"`
	Since      string `json:"since"`
	LastActive string `json:"last_active"`
	Connected  bool   `json:"connected"`
}

func standing(sessions []session.Standing) []standingSession {
	out := make([]standingSession, len(sessions))
	for i, s := range sessions {
		out[i] = standingSession{s.ID, s.Device, Timestamp(s.Created), Timestamp(s.LastActive), s.Connected}
	}
	return out
}

// takeoverText says why a login has to be confirmed.
func takeoverText(e *session.TakeoverError) func(lang string) string {
	return func(lang string) string { return text.Takeover(lang, e.Cause == session.CauseSharing) }
}

// activeText says where the account is in use.
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
