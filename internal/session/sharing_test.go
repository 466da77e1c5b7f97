package session

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestA6_SeveralAtOnceAreOne: after max_sessions fell, one login replaces several.
func TestA6_SeveralAtOnceAreOne(t *testing.T) {
	var many []func(*State)
	for i := range 4 {
		many = append(many, live(fmt.Sprint("old", i), time.Second), func(st *State) { st.Sessions[i].Address = "203.0.113.1" })
	}
	st, events, err := contend(t, given(many...), DefaultRules(), attempt{address: "192.0.2.1"})
	if err != nil || count(events, SessionEnded) != 4 || count(events, AccountSharingSuspected) != 0 || len(st.Sharing.Replaced) != 1 {
		t.Errorf("%v, %v, %+v", err, events, st.Sharing)
	}
}

// TestA6_BothDevicesAreKnown: a client that keeps no cookies is another device each
// time, but not a known one, on whichever side of a replacement it is.
func TestA6_BothDevicesAreKnown(t *testing.T) {
	script, browser := attempt{address: "192.0.2.1"}, attempt{device: "laptop", known: true, address: "192.0.2.1"}
	for name, fighters := range map[string][]attempt{
		"a script and a browser": turns(12, time.Second, script, browser),
		"a browser and a script": turns(12, time.Second, browser, script),
	} {
		if _, events, err := contend(t, given(), DefaultRules(), fighters...); err != nil || count(events, AccountSharingSuspected) != 0 {
			t.Errorf("%s: %v, %v", name, err, events)
		}
	}

	// A device that comes with its cookie later was a known one all the time.
	first := func(device string, after int) attempt {
		return attempt{device: device, after: time.Duration(after) * time.Second, address: "192.0.2.1"}
	}
	again := func(device string, after int) attempt {
		w := first(device, after)
		w.known = true
		return w
	}
	_, events, err := contend(t, given(), DefaultRules(), first("phone", 0), first("laptop", 1), again("phone", 2), again("laptop", 3),
		again("phone", 4), again("laptop", 5))
	asked, ok := errors.AsType[*TakeoverError](err)
	if !ok || asked.Cause != CauseSharing || count(events, AccountSharingSuspected) != 1 || count(events, SessionStarted) != 5 {
		t.Errorf("two browsers that were new a moment ago: %v, %v", err, events)
	}
}
