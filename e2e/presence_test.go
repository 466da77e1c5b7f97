package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/turnike/turnike/e2e/harness"
)

// TestP2_OwnIncluded: a joiner's snapshot contains its own online, which is not sent
// again; it also receives its own later changes.
func TestP2_OwnIncluded(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	k := s.Socket(s.Login("ali"))
	got := k.Register()
	s.Socket(s.Login("veli")).Register()
	var next harness.Status
	for p := k.Next(); ; p = k.Next() {
		if p.Name == "user_status" {
			if err := harness.Decode(p.Args[0], &next); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if next.Username != "veli" || next.Status != "online" || next.Count != 2 || next.Seq != got.Sync.Seq+1 ||
		next.Epoch != got.Sync.Epoch || !harness.Time(next.Since) {
		t.Errorf("after %+v came %+v", got.Sync, next)
	}
}

// TestP3_ChurnIsGapless: while users continuously enter and leave, every joiner gets a
// snapshot and every change after it. The harness fails on a gap, a repetition or a
// change before the snapshot. In the end all clients see the same state.
func TestP3_ChurnIsGapless(t *testing.T) {
	t.Parallel()
	const people, rounds = 12, 4
	s := harness.Start(t, harness.Set("seat.limit", "30"))
	var accounts []harness.Account
	for i := range people {
		accounts = append(accounts, harness.Account{Username: fmt.Sprintf("k%02d", i)})
	}
	s.Must("user", "import", harness.ImportFile(t, accounts...))
	var all []string
	for _, a := range accounts {
		all = append(all, a.Username)
	}
	tokens := s.Issue(all...)
	watcher := s.Socket(s.Login("ali"))
	watcher.Register()
	last := make([]*harness.Socket, people)
	var wg sync.WaitGroup
	for i, name := range all {
		wg.Go(func() {
			for range rounds {
				k := s.Dial(harness.Dial{Token: tokens[name], Transport: transports[i%3]})
				k.Register()
				if last[i] = k; i%2 == 0 {
					k.Leave()
				} else {
					k.Drop()
				}
			}
			last[i] = s.Dial(harness.Dial{Token: tokens[name]})
			last[i].Register()
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	// The end is reached when all are inside and the numbers agree.
	want := s.Socket(s.Login("veli"))
	snap := want.Register()
	for _, k := range append(last, watcher) {
		k.Status("veli", "online")
	}
	for i, name := range all {
		if last[i] == nil {
			continue
		}
		states := map[string]string{}
		for _, e := range snap.Sync.Users {
			states[e.Username] = e.State
		}
		if states[name] != "online" {
			t.Errorf("%s is %q in the last snapshot", name, states[name])
		}
	}
	if snap.Sync.Count != people+2 || snap.Slots.Used != people+2 {
		t.Errorf("last snapshot: %d users, %d used, want %d", snap.Sync.Count, snap.Slots.Used, people+2)
	}
}

// TestP3_SyncOnRequest: at most once a second, and exact after it.
func TestP3_SyncOnRequest(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	k := s.Socket(s.Login("ali"))
	got := k.Register()
	k.Emit("presence_sync", map[string]any{"epoch": got.Sync.Epoch, "seq": got.Sync.Seq})
	var again harness.Sync
	k.NextEvent("presence_sync", &again)
	if again.Seq != got.Sync.Seq || again.Epoch != got.Sync.Epoch || len(again.Users) != 1 {
		t.Errorf("first %+v, on request %+v", got.Sync, again)
	}
	for range 3 { // within the second: refused, not answered twice
		k.Emit("presence_sync", map[string]any{"epoch": "x", "seq": 0})
	}
	k.Barrier()
	syncs := 0
	for _, p := range k.Unread() {
		if p.Name == "presence_sync" {
			syncs++
		}
	}
	if syncs > 1 { // one if the second was over
		t.Errorf("%d snapshots within a second", syncs)
	}
	s.Socket(s.Login("veli")).Register()
	k.Status("veli", "online")
}

// TestP5_Count: in pools with presence = "count" users see only numbers, and
// admins see all.
func TestP5_Count(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("presence.visibility", "count"))
	admin := s.Socket(s.Login(harness.Admin))
	if got := admin.Register(); got.Online.Users == nil {
		t.Errorf("the admin sees %+v", got)
	}
	k := s.Socket(s.Login("ali"))
	got := k.Register()
	if len(got.Online.Users) != 0 || got.Online.Users == nil || got.Online.Count != 1 {
		t.Errorf("online_users %+v, want no names and the count", got.Online)
	}
	if len(got.Sync.Users) != 0 || got.Sync.Users == nil || got.Sync.Count != 1 {
		t.Errorf("presence_sync %+v, want no names and the count", got.Sync)
	}
	other := s.Socket(s.Login("veli"))
	other.Register()
	k.SlotsUsed(2)
	if raw := k.Ack(k.Call("get_online_users")); string(raw) != `{"users":[],"count":2}` {
		t.Errorf("get_online_users %s", raw)
	}
	admin.Status("veli", "online")
	if raw := admin.Ack(admin.Call("get_online_users")); string(raw) != `{"users":["ali","veli"],"count":2}` {
		t.Errorf("get_online_users of an admin: %s", raw)
	}
	other.Leave()
	k.SlotsUsed(1)
	if said := k.Statuses(); len(said) != 0 {
		t.Errorf("a user is told names: %v", said)
	}
}

// TestP5_None: users receive no information about others.
func TestP5_None(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Must("pool", "set", "default", "--limit", "3", "--presence", "none")
	k := s.Socket(s.Login("ali"))
	k.Call("register_user", map[string]any{})
	var r harness.Registered
	ack := k.NextKind(harness.Ack)
	if err := harness.Decode(ack.Args[0], &r); err != nil || !r.OK {
		t.Fatalf("%v: %v", ack, err)
	}
	k.Barrier()
	k.FailsAmid("forbidden", "get_online_users")
	s.Socket(s.Login("veli")).Call("register_user", map[string]any{})
	s.Used(2)
	k.Barrier()
	for _, p := range k.Unread() {
		if len(p.Args) > 0 && slices.Contains([]string{"user_status", "online_users", "presence_sync"}, p.Name) {
			var users struct {
				Users    []json.RawMessage `json:"users"`
				Username string            `json:"username"`
			}
			if err := json.Unmarshal(p.Args[0], &users); err != nil || len(users.Users) > 0 || users.Username != "" {
				t.Errorf("told of the others: %v", p)
			}
		}
	}
}

// TestP4_NamesUpTo: above names_up_to a pool behaves like presence = "count"; when the
// number falls again, every client gets a snapshot.
func TestP4_NamesUpTo(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Set("presence.names_up_to", "2"), harness.Set("seat.limit", "5"))
	first := s.Socket(s.Login("ali"))
	first.Register()
	second := s.Socket(s.Login("veli"))
	second.Register()
	first.Status("veli", "online")
	third := s.Socket(s.Login("ayse"))
	if got := third.Register(); len(got.Sync.Users) != 0 || got.Sync.Count != 3 || len(got.Online.Users) != 0 || got.Online.Count != 3 {
		t.Errorf("the third sees %+v", got)
	}
	first.SlotsUsed(3)
	third.Leave()
	for _, k := range []*harness.Socket{first, second} {
		sync := harness.Sync{Count: 3}
		for sync.Count != 2 { // one may still report the larger number
			k.UntilEvent("presence_sync", &sync)
		}
		if len(sync.Users) != 2 {
			t.Errorf("after the fall: %+v", sync)
		}
	}
	s.Socket(s.Login("fatma")).Register()
	first.SlotsUsed(3)
}

// TestP_PoolsApart: pools receive no events of each other.
func TestP_PoolsApart(t *testing.T) {
	t.Parallel()
	s := harness.Start(t)
	s.Must("pool", "set", "acme", "--limit", "1")
	s.Must("user", "set", "veli", "--pool", "acme")
	k := s.Socket(s.Login("ali"))
	k.Register()
	other := s.Socket(s.Login("veli"))
	got := other.Register()
	if got.Slots.Pool != "acme" || got.Slots.Used != 1 || got.Slots.Max != 1 || got.Sync.Count != 1 || got.Sync.Users[0].Username != "veli" {
		t.Errorf("%+v", got)
	}
	other.Leave()
	s.Socket(s.Login("ayse")).Register()
	if next := k.Status("ayse", "online"); next.Count != 2 {
		t.Errorf("%+v", next)
	}
	if said := k.Statuses(); len(said) != 0 {
		t.Errorf("also said: %v", said)
	}
}
