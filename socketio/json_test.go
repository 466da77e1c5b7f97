package socketio

import (
	"encoding/json"
	"testing"
)

// TestJSON: an already encoded argument is sent unchanged, alone or as a part of another
// argument.
func TestJSON(t *testing.T) {
	list := JSON(`{"users":["ayşe","<b>","` + "\u2028" + `"],"count":3}`)
	for name, c := range map[string]struct {
		args []any
		want string
	}{
		"alone":   {[]any{list}, `42["e",` + string(list) + `]`},
		"several": {[]any{JSON(`1`), "x", JSON(`[]`)}, `42["e",1,"x",[]]`},
		"inside":  {[]any{map[string]any{"v": JSON(`{"a":1}`)}}, `42["e",{"v":{"a":1}}]`},
		"as a raw message": {[]any{json.RawMessage(` { "a" : 1 } `), JSON(`{"b":2}`)},
			`42["e",{"a":1},{"b":2}]`},
	} {
		p, err := EncodeEvent("/", "e", c.args...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := wireText(p); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
