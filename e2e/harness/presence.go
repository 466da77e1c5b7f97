package harness

import "fmt"

// presenceWatch checks the promises of presence on every socket: no event before the
// first snapshot, no gap and no repetition after it [P3], one epoch, and no event after
// the last one [K3].
type presenceWatch struct {
	synced bool
	epoch  string
	seq    int64
	last   string // the event that must be the last
	left   bool   // DISCONNECT was sent
}

// see checks a packet and returns what is wrong with it.
func (w *presenceWatch) see(p Packet) string {
	switch {
	case p.Kind == Closed:
		return ""
	case w.left:
		return fmt.Sprintf("after DISCONNECT came %v", p)
	case p.Kind == Disconnected:
		w.left = true
		return ""
	case w.last != "":
		return fmt.Sprintf("after %s came %v", w.last, p)
	case p.Kind != Event || len(p.Args) == 0:
		return ""
	}
	switch p.Name {
	case "session_ended", "connection_ended":
		w.last = p.Name
	case "presence_sync":
		var s Sync
		if err := Decode(p.Args[0], &s); err != nil {
			return fmt.Sprintf("presence_sync: %v", err)
		}
		if len(s.Users) != s.Count && len(s.Users) != 0 {
			return fmt.Sprintf("presence_sync has %d users and the count %d", len(s.Users), s.Count)
		}
		if w.synced && s.Epoch != w.epoch {
			return fmt.Sprintf("the epoch changed from %q to %q on one connection", w.epoch, s.Epoch)
		}
		w.synced, w.epoch, w.seq = true, s.Epoch, s.Seq
	case "user_status":
		var s Status
		if err := Decode(p.Args[0], &s); err != nil {
			return fmt.Sprintf("user_status: %v", err)
		}
		return w.delta(s)
	}
	return ""
}

func (w *presenceWatch) delta(s Status) string {
	switch {
	case !w.synced:
		return fmt.Sprintf("user_status %d before any presence_sync", s.Seq)
	case s.Epoch != w.epoch:
		return fmt.Sprintf("user_status of the epoch %q after a presence_sync of %q", s.Epoch, w.epoch)
	case s.Seq != w.seq+1:
		return fmt.Sprintf("user_status %d after %d", s.Seq, w.seq)
	case (s.Reason != nil) != (s.Status == "offline"):
		return fmt.Sprintf("user_status %s: a reason belongs to offline and to it alone: %+v", s.Status, s)
	}
	w.seq = s.Seq
	return ""
}
