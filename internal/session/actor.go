package session

// ActorKind says in which way an actor reaches the core.
type ActorKind string

// The values of ActorKind.
const (
	KindUser   ActorKind = "user"   // an account, for itself
	KindCLI    ActorKind = "cli"    // the command line
	KindConfig ActorKind = "config" // the configuration, at a start
	KindSystem ActorKind = "system" // the server's own work: expiry, the sweep, a start
	KindKey    ActorKind = "key"    // an API key; none may do anything yet
)

// Actor is who does something. Every command of [Core] takes one, and every event
// carries the one that caused it.
type Actor struct {
	Kind    ActorKind `json:"kind,omitempty"`
	ID      string    `json:"id,omitempty"`         // of the account or key
	Name    string    `json:"name,omitempty"`       // of the account; of a command line, the system user and host
	Address string    `json:"address,omitempty"`    // where the request came from
	Request string    `json:"request_id,omitempty"` // its id, which the access log has too
}

// ByUser returns an account that acts for itself.
func ByUser(id string) Actor { return Actor{Kind: KindUser, ID: id} }

// ByCLI returns the command line; name is the system user and host.
func ByCLI(name string) Actor { return Actor{Kind: KindCLI, Name: name} }

// ByConfig returns the configuration.
func ByConfig() Actor { return Actor{Kind: KindConfig} }

// BySystem returns the server itself.
func BySystem() Actor { return Actor{Kind: KindSystem} }

// String returns the actor for a line of the log: the kind, then the name.
func (a Actor) String() string {
	switch {
	case a.Name != "":
		return string(a.Kind) + " " + a.Name
	case a.ID != "":
		return string(a.Kind) + " " + a.ID
	}
	return string(a.Kind)
}

// act is what a command of Core does.
type act int

const (
	actLogin act = iota
	actIssue     // a login without a password
	actRegister
	actLeave
	actEnd
	actExpire
	actChangeUser
	actChangePool
	actConfigure // a pool, by the configuration
	actNoteKeys
)

// ofPool reports whether the act needs the state of a pool alone.
func (what act) ofPool() bool {
	return what == actChangePool || what == actConfigure || what == actNoteKeys
}

// waits reports whether the command is answered only after its commit is applied
// everywhere. What has expired or left is told by no answer, so it needs no wait.
func (what act) waits() bool { return what != actLeave && what != actExpire }

// may refuses an act on a user's state, or on a pool, that the actor has no right
// to. Error: ErrForbidden.
func (a Actor) may(what act, user string) error {
	allowed := false
	switch a.Kind {
	case KindUser:
		switch what {
		case actLogin, actRegister, actLeave, actEnd:
			allowed = a.ID != "" && a.ID == user
		}
	case KindCLI:
		switch what {
		case actIssue, actEnd, actChangeUser, actChangePool, actNoteKeys:
			allowed = true
		}
	case KindConfig:
		allowed = what == actConfigure
	case KindSystem:
		allowed = what == actExpire
	}
	if !allowed {
		return ErrForbidden
	}
	return nil
}

// sign names the actor in a change's events. An event that names one already was
// caused by the system: its rule found something whose time was over.
func (a Actor) sign(ch Change, own User) Change {
	if a.Kind == KindUser && a.ID == own.ID {
		a.Name = own.Name
	}
	for i := range ch.Events {
		if ch.Events[i].By.Kind == "" {
			ch.Events[i].By = a
		}
	}
	return ch
}
