package socketio

import (
	"errors"
	"log/slog"
	"runtime/debug"
)

// task is one thing to do in a socket's worker.
type task struct {
	do   func()
	owed bool // do is run even after the end; without do,

	event string
	args  Args
	ack   *Ack
}

// push appends a task and starts a worker if none is running. Callers must hold s.mu.
func (s *Socket) push(t task) {
	s.tasks = append(s.tasks, t)
	if !s.working {
		s.working = true
		s.client.conn.Go(s.work)
	}
}

// pushFair is push for the reading goroutine: it waits while the queue is full, which
// stops reading from the client. [I7]
func (s *Socket) pushFair(t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.state == connected && len(s.tasks) >= s.client.server.cfg.MaxEvents {
		s.pause()
	}
	if s.state == connected {
		s.push(t)
	}
}

// settled makes the reading goroutine wait until the checks have finished, so that early
// packets of the client stay unread. [SEC-36]
func (s *Socket) settled() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.state == connecting {
		s.pause()
	}
	return s.state
}

// pause makes the reading goroutine wait for resume or for the socket's end. Callers
// must hold s.mu; pause releases it while waiting.
func (s *Socket) pause() {
	if s.room == nil {
		s.room = make(chan struct{}, 1)
	}
	room := s.room
	s.mu.Unlock()
	select {
	case <-room:
	case <-s.ctx.Done():
	}
	s.mu.Lock()
}

// resume ends a pause. Callers must hold s.mu.
func (s *Socket) resume() {
	if s.room != nil {
		select {
		case s.room <- struct{}{}:
		default:
		}
	}
}

// work runs the tasks in order, and finish after the socket has ended. It owns
// s.working.
func (s *Socket) work() {
	for {
		s.mu.Lock()
		if s.state == ended {
			s.mu.Unlock()
			s.finish() // the last task: working stays set
			return
		}
		if len(s.tasks) == 0 {
			s.tasks = nil
			s.working = false
			s.mu.Unlock()
			return
		}
		t := s.tasks[0]
		s.tasks[0] = task{}
		s.tasks = s.tasks[1:]
		s.resume()
		s.mu.Unlock()
		if t.do != nil {
			s.guard(t.do)
		} else {
			s.handle(t)
		}
	}
}

// guard runs f. A panic in f closes only this connection. [SEC-40]
func (s *Socket) guard(f func()) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		stack := debug.Stack()
		cfg := &s.client.server.cfg.Engine
		cfg.Logger.Error("panic in a handler", slog.Any("value", v), slog.String("stack", string(stack)))
		if cfg.OnPanic != nil {
			cfg.OnPanic(v, stack)
		}
		s.client.abort(codeInternal, "internal error")
	}()
	f()
}

// start starts a socket: the checks, the answer, the OnConnect functions. [sio5:connect]
func (s *Socket) start() {
	s.mu.Lock()
	s.push(task{do: func() {
		err := errRefused // kept if a check panics
		s.guard(func() { err = s.check() })
		if err != nil {
			s.refuse(err)
			return
		}
		s.checked = true
		s.welcome()
	}})
	s.mu.Unlock()
}

// errRefused is the error of a check that panicked.
var errRefused = errors.New("socketio: check failed")

// check runs the checks of the namespace.
func (s *Socket) check() error {
	auth := s.Handshake().Auth
	for _, use := range s.namespace.functions.Load().uses {
		if err := use(s.ctx, s, auth); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers a client that failed the checks.
func (s *Socket) refuse(err error) {
	s.mu.Lock()
	over := s.state == ended
	s.stop(ServerDisconnect)
	s.mu.Unlock()
	s.cancel()
	if over {
		return
	}
	if shut, ok := errors.AsType[*CloseError](err); ok {
		s.client.conn.Close(shut.Code, shut.Reason)
		return
	}
	refusal, ok := errors.AsType[*ConnectError](err)
	if !ok {
		refusal = &ConnectError{Message: "internal error"}
	}
	p, err := encodeConnectError(s.namespace.name, refusal.Message, refusal.Data)
	if err != nil {
		s.client.server.cfg.Engine.Logger.Error("connect error not encoded", slog.Any("error", err))
		p, _ = encodeConnectError(s.namespace.name, "internal error", nil) // a constant always encodes
	}
	s.client.conn.Send(p)
}

// welcome answers a client that passed the checks.
func (s *Socket) welcome() {
	s.mu.Lock()
	if s.state != connecting {
		s.mu.Unlock()
		return
	}
	s.state = connected
	if s.client.server.cfg.NoHandshake {
		s.auth = nil
	}
	s.resume()
	s.mu.Unlock()
	s.client.joined()
	pid := s.keep()
	s.client.conn.Send(encodeConnect(s.namespace.name, s.id, pid).Preface())
	if s.Recovered() { // no event may precede the answer
		s.catchUp()
	} else {
		s.enter()
	}
	for _, f := range s.namespace.functions.Load().onConnect {
		s.guard(func() { f(s) })
	}
}

// finish runs once, after everything else.
func (s *Socket) finish() {
	s.mu.Lock()
	if s.hurry != nil {
		s.hurry.Stop()
	}
	tasks, reason := s.tasks, s.reason
	s.tasks = nil
	s.mu.Unlock()
	for _, t := range tasks {
		s.guard(t.do)
	}
	if s.checked {
		for _, f := range s.namespace.functions.Load().onDisconnect {
			s.guard(func() { f(s, reason) })
		}
	}
}

// event handles an event in the reading goroutine. [sio5:event]
func (s *Socket) event(p packet) error {
	if s.settled() != connected {
		return nil // sent before the client knew that the socket had ended
	}
	fs := s.namespace.functions.Load()
	h := fs.handlers[string(p.name)]
	var name string
	if h != nil {
		name = h.name // saves the copy
	} else {
		name = string(p.name)
	}
	var a *Ack
	if p.hasID {
		a = &Ack{socket: s, id: p.id}
	}
	for _, hook := range fs.onEvent {
		keep := false
		s.guard(func() { keep = hook(s, name, a) })
		if !keep {
			return nil
		}
	}
	if h == nil && len(fs.onUnknown) == 0 && s.deaf(name) {
		return nil
	}
	t := task{event: name, args: p.args, ack: a}
	if h != nil && h.inline && s.inline(t) {
		return nil
	}
	t.args = p.args.own()
	s.pushFair(t)
	return nil
}

// inline runs a handler in the reading goroutine if nothing is queued before it.
func (s *Socket) inline(t task) bool {
	s.mu.Lock()
	if s.state != connected || s.working || s.handlers[t.event] != nil {
		s.mu.Unlock()
		return false
	}
	s.working = true
	s.mu.Unlock()
	s.handle(t)
	s.mu.Lock()
	s.working = false
	if s.state == ended || len(s.tasks) > 0 {
		s.working = true
		s.client.conn.Go(s.work)
	}
	s.mu.Unlock()
	return true
}
