package realtime

import (
	"sync/atomic"

	"github.com/turnike/turnike/internal/counter"
	"github.com/turnike/turnike/internal/session"
)

// counts are the counters behind Stats.
type counts struct {
	admissions, slow, panics    atomic.Uint64
	connects, refusals, limited *counter.Codes
	ends                        *counter.Codes
	kicks                       *counter.Histogram
}

func newCounts() counts {
	var ends []string
	for _, code := range session.EndCodes() {
		ends = append(ends, string(code))
	}
	return counts{
		ends:     counter.NewCodes(ends...),
		connects: counter.NewCodes(append(ends, codeInvalidToken, codeStoreUnavailable, codeRateLimited, codeSlowConsumer)...),
		refusals: counter.NewCodes(codeBadRequest, codeInvalidToken, codeTokenMismatch, codeUsernameMismatch, codeNotRegistered,
			codeSeatLimit, codeSeatLost, codeRateLimited, codeEventRateLimited, codeForbidden, codeStoreUnavailable),
		limited: counter.NewCodes(limitSlots, limitConnections, limitUnverified, limitFailures, limitSession, limitPolls, limitEvents,
			limitOnlineUsers, limitSync, limitReplace),
		kicks: counter.Latency(),
	}
}

// Stats are the server's figures: its present state, and what it did since its start.
type Stats struct {
	Polling, WebSocket int   // open connections, by transport
	Unverified         int   // connections whose session is not known yet
	Queued             int64 // bytes that wait for slow peers
	Leaves             int   // connections that are gone and that the store does not know to be

	Ends            map[string]uint64 // sessions that ended, by code
	Admissions      uint64            // registrations that were let inside
	ConnectsRefused map[string]uint64 // by code
	EventsRefused   map[string]uint64 // by code; seat_limit and seat_lost are registrations
	RateLimited     map[string]uint64 // by kind of limit
	SlowConsumers   uint64            // connections closed because they could not keep up
	Panics          uint64
	Kicks           counter.Buckets // seconds from a session's end until the last event of each of its sockets is queued
}

// Stats returns the figures. It visits every connection, so it must not be called often.
func (s *Server) Stats() Stats {
	n := Stats{
		Unverified: s.limiter.strangers(), Queued: s.io.Engine().Queued(), Leaves: s.leaves.len(), Ends: s.counts.ends.Snapshot(),
		Admissions: s.counts.admissions.Load(), ConnectsRefused: s.counts.connects.Snapshot(), EventsRefused: s.counts.refusals.Snapshot(), RateLimited: s.counts.limited.Snapshot(),
		SlowConsumers: s.counts.slow.Load(), Panics: s.counts.panics.Load(), Kicks: s.counts.kicks.Snapshot(),
	}
	n.Polling, n.WebSocket = s.io.Engine().Open()
	return n
}
