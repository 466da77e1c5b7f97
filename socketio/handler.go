package socketio

import (
	"context"
	"fmt"
	"maps"
)

// Handler handles one event. Args are its arguments; ack is nil when the client
// wants no answer, and may be used after the handler returned.
type Handler func(ctx context.Context, s *Socket, args Args, ack *Ack)

// Option changes how a handler is run.
type Option int

// Inline lets a handler run in the goroutine that reads the connection, when
// nothing of the socket is queued before it. It must be cheap and must not
// block; args are valid only until it returns. Where an event has several
// handlers it counts only when all have it.
const Inline Option = 1

// handlers are the handlers of events by name. A map of them is never changed.
type handlers map[string]*eventHandlers

// eventHandlers are the handlers of one event, in order. It is never changed.
type eventHandlers struct {
	name   string
	inline bool
	run    []Handler
}

// with returns the handlers with one more.
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

// mustBeEvent panics for a name that is never handled.
func mustBeEvent(event string) {
	if reserved(event) {
		panic(fmt.Sprintf("socketio: no client can send the event %q: the name is reserved; see Namespace.OnConnect and Namespace.OnDisconnect", event))
	}
}

// On adds a handler of an event for this socket alone. It runs after those of
// [Namespace.On]. Added in an OnConnect function it misses no event.
func (s *Socket) On(event string, h Handler) {
	mustBeEvent(event)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = s.handlers.with(event, h, false)
}

// own returns the handlers that the socket has for itself.
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

// deaf reports whether an event that the namespace has no handler for is wanted
// by nothing else: the socket has none either, and runs nothing that may add one.
func (s *Socket) deaf(event string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.working && s.handlers[event] == nil
}
