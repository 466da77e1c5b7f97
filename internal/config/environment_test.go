package config

import (
	"reflect"
	"strings"
	"testing"
)

// TestEmptyVariables: a variable of ours that is empty counts as not set, as
// `MAX_CONNECTIONS=${MAX_CONNECTIONS:-}` in a compose file means it.
func TestEmptyVariables(t *testing.T) {
	unset, err := load(t, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	env := Environment{}
	var c Config
	for _, f := range c.fields() {
		if f.emptyIsValue {
			continue
		}
		env[f.env()] = ""
		if f.otherEnv != "" {
			env[f.otherEnv] = ""
		}
		if f.kind == kindSecret {
			env[f.env()+"_FILE"] = ""
		}
	}
	if len(env) < 50 {
		t.Fatalf("only %d variables", len(env))
	}
	empty, err := load(t, "", env, nil)
	if err != nil {
		t.Fatal(err)
	}
	if empty.Data = unset.Data; !reflect.DeepEqual(empty, unset) {
		t.Errorf("empty variables change\n%+v\ninto\n%+v", unset, empty)
	}

	one, err := load(t, "[seat]\nlimit = 7", Environment{"MAX_CONNECTIONS": "", "TURNIKE_SEAT_LIMIT": "5"}, nil)
	if err != nil || one.Seat.Limit != 5 {
		t.Errorf("beside its empty twin: %d, %v", one.Seat.Limit, err)
	}
	file, err := load(t, "[seat]\nlimit = 7", Environment{"MAX_CONNECTIONS": ""}, nil)
	if err != nil || file.Seat.Limit != 7 {
		t.Errorf("the file: %d, %v", file.Seat.Limit, err)
	}
	none, err := load(t, "", Environment{"TURNIKE_TLS_ACME_HTTP_LISTEN": ""}, nil)
	if err != nil || none.TLS.ACMEHTTPListen != "" {
		t.Errorf("where empty is a value of its own: %q, %v", none.TLS.ACMEHTTPListen, err)
	}
}

// TestByteOrderMark: a mark of UTF-8 is no part of the TOML; of UTF-16 it is named.
func TestByteOrderMark(t *testing.T) {
	c, err := load(t, "\xef\xbb\xbf[seat]\nlimit = 7\n", nil, nil)
	if err != nil || c.Seat.Limit != 7 {
		t.Errorf("UTF-8: %d, %v", c.Seat.Limit, err)
	}
	for _, document := range []string{"\xff\xfe[\x00s\x00", "\xfe\xff\x00[\x00s"} {
		if _, err := load(t, document, nil, nil); err == nil || !strings.Contains(err.Error(), "UTF-16; save it as UTF-8") {
			t.Errorf("UTF-16: %v", err)
		}
	}
}
