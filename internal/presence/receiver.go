package presence

import "github.com/turnike/turnike/engineio"

// Receiver is a connection that hears about a pool. Its methods must not block. A
// hub compares receivers with ==.
type Receiver interface {
	// Send queues a payload. It returns false if the connection has ended.
	Send(p *engineio.Payload) bool
	// Ended reports whether the connection has ended: nothing reaches it any more.
	Ended() bool
	// Close ends the connection after a defect in the hub, so that it reconnects.
	Close()
	// Registering reports whether a registration is under way. Until it is decided,
	// a watcher hears no changes, because the decision answers it.
	Registering() bool
	// SeesAll reports whether the receiver sees every name, whatever the pool's
	// visibility is: administrators do [P5].
	SeesAll() bool
}

// Join is a receiver whose registration is committed.
type Join struct {
	Receiver Receiver
	// Welcome makes the answers to the registration, which go out in front of the
	// snapshot: the acknowledgement, if one is wanted, and the response.
	Welcome func(pool string) (ack, response *engineio.Payload)
}

// Watch is a receiver that was refused a seat. It hears connection_slots whenever
// they change, until it joins or leaves [S9].
type Watch struct {
	Receiver    Receiver
	Limit, Used int // as the refusal reported them
}

// Topic is what a question is about.
type Topic int

// The topics, each named after the event that answers it.
const (
	AboutSlots       Topic = iota // connection_slots; a receiver that is not inside watches from then on [S9]
	AboutOnlineUsers              // online_users
	AboutPresence                 // presence_sync
)

// Question asks a hub for its present state. The answer goes to the receiver.
type Question struct {
	Receiver Receiver
	Topic    Topic
	Reply    Reply
}

// Reply carries the answer to a question.
type Reply interface {
	// Ack encodes body as the question's acknowledgement; nil if none is wanted.
	Ack(body any) *engineio.Payload
	// Refuse tells the receiver that it gets no answer.
	Refuse(why Refusal)
}

// Refusal is why a question gets no answer.
type Refusal int

// The refusals.
const (
	Forbidden   Refusal = iota // the pool does not show who is inside [P5]
	Unavailable                // the seats cannot be read at the moment
)
