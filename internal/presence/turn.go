package presence

import (
	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// turn sends the members what happened, then answers the receivers that joined or
// asked. The answers come last, so that a snapshot may be newer than its request
// but never older [P3].
func (h *Hub) turn(batch []any) {
	changes, resync, slotsChanged, ok := h.applyAll(batch)
	if !ok {
		return
	}
	h.tell(changes, resync, slotsChanged)
	h.stale = false
	for _, item := range batch {
		switch it := item.(type) {
		case Join:
			h.join(it)
		case Watch:
			h.watch(it)
		case Question:
			h.answer(it)
		}
	}
}

// applyAll brings the view up to date and forgets the receivers that left. It
// returns the changes to send, whether the members need the whole state instead,
// and whether the number of seats changed. It is not ok when the server stops.
func (h *Hub) applyAll(batch []any) (changes []*engineio.Payload, resync, slotsChanged, ok bool) {
	visibility, seats := h.view.visibility(), h.view.seats.shown()
	resync = h.view.shiftTo(h.cfg.Shift()) || h.stale
	for _, item := range batch {
		switch it := item.(type) {
		case session.Event:
			switch h.view.apply(it) {
			case applied:
				if it.Status != "" {
					changes = append(changes, h.view.status(it))
				}
			case missed:
				h.view = nil
				if !h.load() {
					return nil, false, false, false
				}
				h.view.shiftTo(h.cfg.Shift())
				changes, resync = nil, true
			}
		case leave:
			delete(h.members, it.receiver)
			delete(h.watchers, it.receiver)
		}
	}
	return changes, resync || h.view.visibility() != visibility, h.view.seats.shown() != seats, true
}

// tell sends every member and watcher what is due, in one write each [P4].
func (h *Hub) tell(changes []*engineio.Payload, resync, slotsChanged bool) {
	if len(h.members)+len(h.watchers) == 0 || (len(changes) == 0 && !resync && !slotsChanged) {
		return
	}
	var last *engineio.Payload
	if slotsChanged || resync {
		last = h.view.slotsPayload()
	}
	forAudience := func(a audience) *engineio.Payload {
		switch {
		case resync:
			return engineio.Concat(h.view.sync(a), last)
		case a == seesNames:
			return engineio.Concat(append(changes, last)...)
		default:
			return last
		}
	}
	var due [2]*engineio.Payload
	for _, a := range []audience{seesNames, seesCount} {
		due[a] = forAudience(a)
	}
	for r := range h.members {
		if d := due[h.audience(r)]; d != nil {
			r.Send(d)
		}
	}
	if last == nil {
		return
	}
	for r := range h.watchers {
		if !r.Registering() {
			r.Send(last)
		}
	}
}

// join lets a receiver in: it gets the acknowledgement first, then the contract's
// answers, and from the next turn on every change [P3].
func (h *Hub) join(j Join) {
	r := j.Receiver
	ack, response := j.Welcome(h.view.name)
	a := h.audience(r)
	r.Send(engineio.Concat(ack, response, h.view.slotsPayload(), h.view.names(a), h.view.sync(a)).Snapshot())
	delete(h.watchers, r)
	if !r.Ended() {
		h.members[r] = struct{}{}
	}
}

// watch adds a refused receiver to the watchers. If the seats have changed since
// the refusal, it hears so at once.
func (h *Hub) watch(w Watch) {
	if h.view.seats.shown() != [2]int{w.Limit, w.Used} {
		w.Receiver.Send(h.view.slotsPayload())
	}
	h.watchers[w.Receiver] = struct{}{}
}

// answer answers a question.
func (h *Hub) answer(q Question) {
	a := h.audience(q.Receiver)
	var body socketio.JSON
	var event *engineio.Payload
	switch {
	case q.Topic == AboutSlots:
		h.answerSlots(q)
		return
	case q.Topic == AboutPresence:
		body, event = h.view.syncJSON(a), h.view.sync(a)
	case a == seesCount && h.view.visibility() == session.VisibilityNone:
		q.Reply.Refuse(Forbidden)
		return
	default:
		body, event = h.view.namesJSON(a), h.view.names(a)
	}
	q.Receiver.Send(engineio.Concat(q.Reply.Ack(body), event).Snapshot())
}

// answerSlots answers how full the pool is. A receiver that is not inside watches
// from then on [S9].
func (h *Hub) answerSlots(q Question) {
	if _, inside := h.members[q.Receiver]; !inside {
		h.watchers[q.Receiver] = struct{}{}
	}
	q.Receiver.Send(engineio.Concat(q.Reply.Ack(h.view.slotsNow()), h.view.slotsPayload()))
}

// audience returns what a receiver may see [P5].
func (h *Hub) audience(r Receiver) audience {
	if r.SeesAll() || h.view.visibility() == session.VisibilityNames {
		return seesNames
	}
	return seesCount
}
