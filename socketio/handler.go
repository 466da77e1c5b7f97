package socketio

import (
	"context"
	"fmt"
	"maps"
)

// Handler handles one event with its arguments. ack is nil if the client expects no
// answer; it may be used after the handler has returned.
type Handler func(ctx context.Context, s *Socket, args Args, ack *Ack)

// Option changes how a handler is run.
type Option int

// Inline runs a handler in the goroutine that reads the connection if the socket has
// nothing queued. The handler must be cheap and must not block; args are valid only
// until it returns. If an event has several handlers, all of them need this option.
const Inline Option = 1

// handlers holds the handlers of events by name. The map is never modified.
type handlers map[string]*eventHandlers

// eventHandlers holds the handlers of one event in order. It is never modified.
type eventHandlers struct {
	name   string
	inline bool
	run    []Handler
}

// with returns a copy of the handlers with one added.
func (hs handlers) with(event string, h Handler, inline bool) handlers {
	next := &eventHandlers{name: event, inline: inline, run: []Handler{h}}
	if old := hs[event]; old != nil {
		next.inline = inline && old.inline
		next.run = with(old.run, h)
	}
	all := maps.Clone(hs)
	if all == nil {
		all = make(handlers)
	}
	all[event] = next
	return all
}

// mustBeEvent panics for the name of an event that never occurs.
func mustBeEvent(event string) {
	if reserved(event) {
		panic(fmt.Sprintf("socketio: no client can send the event %q: the name is reserved; see Namespace.OnConnect and Namespace.OnDisconnect", event))
	}
}

// On adds a handler of an event for this socket only. It runs after the handlers of
// [Namespace.On]. A handler that is added in an OnConnect function misses no event.
func (s *Socket) On(event string, h Handler) {
	mustBeEvent(event)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = s.handlers.with(event, h, false)
}

// own returns the socket's own handlers.
func (s *Socket) own(event string) *eventHandlers {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handlers[event]
}

// handle runs the handlers of an event, one after the other.
func (s *Socket) handle(t task) {
	s.guard(func() {
		fs := s.namespace.functions.Load()
		found := false
		for _, hs := range [...]*eventHandlers{fs.handlers[t.event], s.own(t.event)} {
			if hs == nil {
				continue
			}
			found = true
			for _, run := range hs.run {
				run(s.ctx, s, t.args, t.ack)
			}
		}
		if found {
			return
		}
		for _, run := range fs.onUnknown {
			run(s.ctx, s, t.event, t.args, t.ack)
		}
	})
}

// deaf reports whether an event without a handler in the namespace can be dropped: the
// socket has no handler either, and no code is running that could add one.
func (s *Socket) deaf(event string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.working && s.handlers[event] == nil
}
