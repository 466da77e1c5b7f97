package logging

import "context"

// Who is whom a request belongs to, once that is known.
type Who struct{ User, Session string }

type whoKey struct{}

// Ask makes room in a context for an answer to who it is.
func Ask(ctx context.Context) (context.Context, *Who) {
	who := new(Who)
	return context.WithValue(ctx, whoKey{}, who), who
}

// Asked reports whether the access log wants to know who sends the request.
func Asked(ctx context.Context) bool { return ctx.Value(whoKey{}) != nil }

// Identify answers, where somebody has asked. It belongs to the request's own
// goroutine.
func Identify(ctx context.Context, user, session string) {
	if who, ok := ctx.Value(whoKey{}).(*Who); ok {
		*who = Who{User: user, Session: session}
	}
}
