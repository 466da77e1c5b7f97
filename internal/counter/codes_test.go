package counter

import (
	"fmt"
	"maps"
	"testing"
)

// TestCodesAreBounded: what clients make up is one code.
func TestCodesAreBounded(t *testing.T) {
	c := NewCodes("ok", "full")
	c.Add("ok")
	c.Add("ok")
	for i := range 100 {
		c.Add(fmt.Sprint("made up ", i))
	}
	if got, want := c.Snapshot(), map[string]uint64{"ok": 2, "full": 0, Other: 100}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
