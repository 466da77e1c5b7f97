package realtime

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/turnike/turnike/engineio"
	"github.com/turnike/turnike/internal/auth"
	"github.com/turnike/turnike/internal/kick"
	"github.com/turnike/turnike/internal/origin"
	"github.com/turnike/turnike/internal/presence"
	"github.com/turnike/turnike/internal/session"
	"github.com/turnike/turnike/socketio"
)

// Config is what a server needs.
type Config struct {
	Core *session.Core
	Auth *auth.Authenticator
	// Snapshot reads who is inside a pool.
	Snapshot func(ctx context.Context, pool session.PoolID) (presence.Snapshot, error)
	Origins  origin.Policy
	Epoch    string // of this run; clients compare it for equality [P3]

	Visibility session.Visibility // of pools that define none [P5]
	NamesUpTo  int                // with more users a pool behaves as with VisibilityCount [P4]

	DrainSpread                     time.Duration // the most time over which Drain spreads its closes
	PingInterval, PingTimeout       time.Duration
	ConnectTimeout, RegisterTimeout time.Duration
	MaxPayload                      int
	Transports                      []string
	Limits                          Limits
	// ClientAddress returns the client's address, behind trusted proxies too.
	ClientAddress func(*http.Request) string

	// Refuse returns the answer to a request that is refused.
	Refuse func(r *http.Request, status int, code string, retry time.Duration) *engineio.HTTPError
	Log    *slog.Logger
}

// Server serves the sockets of sessions.
type Server struct {
	cfg      Config
	core     *session.Core
	auth     *auth.Authenticator
	log      *slog.Logger
	io       *socketio.Server
	limiter  *connLimiter
	sessions registry
	hubs     *presence.Hubs
	kicks    *kick.Dispatcher
	leaves   *leaves
	rechecks atomic.Uint64 // calls of Recheck
	draining atomic.Bool
	tasks    tasks // hubs, retried leaves, sessions that are expired or looked up again
	counts   counts

	ctx  context.Context // ends when the server stops for good
	stop context.CancelFunc
}

// New returns a server. Its Commit must be given every committed event.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, core: cfg.Core, auth: cfg.Auth, log: cfg.Log, limiter: newConnLimiter(cfg.Limits),
		counts: newCounts()}
	s.sessions.live = make(map[string]*record)
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.leaves = &leaves{ctx: s.ctx, core: s.core, tasks: &s.tasks, open: s.sessions.connections, log: s.log, most: leavesMost}
	s.hubs = presence.New(s.ctx, presence.Config{Snapshot: cfg.Snapshot, Shift: cfg.Core.Shift, Epoch: cfg.Epoch,
		Visibility: cfg.Visibility, NamesUpTo: cfg.NamesUpTo, Go: s.tasks.Go, Panicked: s.panicked, Log: cfg.Log})
	s.kicks = kick.New(s.ctx, kick.Config{Sessions: cfg.Core, Go: s.tasks.Go, Panicked: s.panicked, Log: cfg.Log})
	s.kicks.Register(sockets{s})
	requests := requests{s}
	s.io = socketio.NewServer(socketio.Config{
		ConnectTimeout: cfg.ConnectTimeout,
		NoHandshake:    true, // open keeps what CONNECT needs
		Open:           requests.open,
		Closed:         s.closed,
		Engine: engineio.Config{
			PingInterval: cfg.PingInterval,
			PingTimeout:  cfg.PingTimeout,
			MaxPayload:   cfg.MaxPayload,
			Transports:   cfg.Transports,
			CheckRequest: requests.check,

			ForgetRequest: true, // see handshake
			MaxQueue:      maxQueue,
			OverflowCode:  closeSlowConsumer,
			OnOverflow:    s.slowConsumer,
			OnPanic: func(v any, stack []byte) {
				s.counts.panics.Add(1)
				s.log.Error("panic in a connection", "panic", v, "stack", string(stack))
			},
			Logger: cfg.Log,
		},
	})
	s.handleEvents()
	return s
}

// handleEvents registers the handlers of CONNECT, of events, and of disconnects.
func (s *Server) handleEvents() {
	h := handlers{s}
	ns := s.io.Of("/")
	ns.Use(s.connect)
	ns.OnConnect(func(sock *socketio.Socket) { clientOf(sock).awaitRegister() })
	ns.OnDisconnect(s.disconnected)
	ns.OnEvent(h.admitEvent)
	ns.On("register_user", h.register)
	ns.On("get_online_users", h.getOnlineUsers)
	ns.On("presence_sync", h.presenceSync)
	ns.On("connection_slots", h.connectionSlots)
	ns.On(eventPing, h.ping, socketio.Inline)
}

// Commit must be given every committed event, in commit order. It never blocks.
// When it returns, the sockets of ended sessions are marked [K2]; presence follows
// from the hubs [K5].
func (s *Server) Commit(events []session.Event) {
	for _, e := range events {
		s.commit(e)
	}
}

func (s *Server) commit(e session.Event) {
	defer s.recovered("a committed event", nil)
	switch e.Type {
	case session.SessionEnded:
		s.counts.ends.Add(string(e.Code))
	case session.SessionRotated:
		s.counts.ends.Add(string(session.Rotated))
	}
	s.kicks.Apply(e)
	s.hubs.Of(e.Pool).Apply(e)
}

// Kicks returns what ends the connections of ended sessions. Whatever else holds
// connections registers there, before the first Commit.
func (s *Server) Kicks() *kick.Dispatcher { return s.kicks }

// now returns the time that people are shown [T1].
func (s *Server) now() time.Time { return s.core.Wall(s.core.Now()) }

// forgetInterval is how often Run forgets sessions without sockets.
const forgetInterval = 5 * time.Second

// Run forgets sessions without sockets until ctx is done.
func (s *Server) Run(ctx context.Context) {
	tick := time.NewTicker(forgetInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.sessions.forget()
		}
	}
}

// Connections returns the number of Engine.IO connections, whatever their transport.
func (s *Server) Connections() int { return s.io.Engine().Len() }

// Drain closes every connection so that its client reconnects, and waits until the
// store knows that they left: then all their seats are in boot grace [S7].
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	s.io.CloseOver(ctx, s.cfg.DrainSpread, closeDraining, codeDraining)
	err := s.io.Wait(ctx)
	if waited := s.tasks.wait(ctx); err == nil {
		err = waited
	}
	s.stop()
	_ = s.tasks.wait(context.Background()) // the cancelled context ends them
	return err
}

// Recheck closes every connection so that its client reconnects and shows its token
// again, because tokens may have become invalid [SEC-23].
func (s *Server) Recheck(ctx context.Context) {
	s.rechecks.Add(1) // for those whose cookie is being looked up now
	s.io.Engine().Scatter(ctx, s.cfg.DrainSpread, closeTryAgain, codeKeysChanged)
}

// ServeHTTP serves /socket.io/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if (requests{s}).allowCrossOrigin(w, r) {
		s.io.ServeHTTP(w, r)
	}
}
