package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/turnike/turnike/internal/session"
)

// testSharing: the store keeps what the rules remember of sharing, and a ticket can be
// used once, however many logins present it at the same time.
func testSharing(t *testing.T, b Backend) {
	s := b.Open(t)
	rec := listen(t, s)
	c := core(s)
	ada, bob := addUser(t, s, "ada"), addUser(t, s, "bob")
	testUnproven(t, c, addUser(t, s, "eve"))
	n := 0
	from := func(user, address string, with *session.Takeover) error {
		n++
		_, err := c.Login(t.Context(), session.ByUser(user), session.Login{User: user, CredVersion: 1, Address: address, Takeover: with,
			DeviceHash: fmt.Appendf(nil, "device %d", n)})
		return err
	}
	for i := range 4 {
		if err := from(ada, fmt.Sprintf("192.0.%d.1", i%2), nil); err != nil {
			t.Fatal(err)
		}
		if err := from(bob, "192.0.2.1", nil); err != nil {
			t.Fatal(err)
		}
	}
	asked, ok := errors.AsType[*session.TakeoverError](from(ada, "192.0.0.1", nil))
	if !ok || len(asked.Sessions) != 1 || asked.Cause != session.CauseSharing {
		t.Fatalf("asked %+v", asked)
	}
	if err := from(bob, "192.0.2.1", nil); err != nil {
		t.Errorf("another user: %v", err)
	}
	if !rec.has(func(e session.Event) bool {
		return e.Type == session.AccountSharingSuspected && e.User == ada && e.Count == 3
	}) ||
		!rec.has(func(e session.Event) bool { return e.Type == session.TakeoverRequired && e.User == ada }) {
		t.Error("the log does not say it")
	}
	in := make(chan error)
	for i := range 10 {
		go func() {
			_, err := c.Login(t.Context(), session.ByUser(ada), session.Login{User: ada, CredVersion: 1, Address: "192.0.0.1",
				DeviceHash: fmt.Appendf(nil, "late %d", i), Takeover: &session.Takeover{Ticket: asked.Ticket}})
			in <- err
		}()
	}
	admitted := 0
	for range 10 {
		err := <-in
		if _, refused := errors.AsType[*session.TakeoverError](err); err == nil {
			admitted++
		} else if !refused {
			t.Error(err)
		}
	}
	if admitted != 1 {
		t.Errorf("a ticket has let %d in", admitted)
	}
}

// testUnproven: a device that later presents its cookie counts as known from the
// start, as far as the store remembers.
func testUnproven(t *testing.T, c *session.Core, user string) {
	t.Helper()
	var err error
	for i, device := range []string{"phone", "laptop", "phone", "laptop", "phone", "laptop"} {
		if err != nil {
			t.Fatalf("login %d: %v", i, err)
		}
		_, err = c.Login(t.Context(), session.ByUser(user), session.Login{User: user, CredVersion: 1, Address: "192.0.2.1",
			DeviceHash: []byte(device), KnownDevice: i > 1})
	}
	if asked, ok := errors.AsType[*session.TakeoverError](err); !ok || asked.Cause != session.CauseSharing {
		t.Errorf("after three replacements of two browsers: %v", err)
	}
}
