package socketio

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/turnike/turnike/engineio"
)

// wireText returns the text of a payload's packets, as a polling client receives it.
func wireText(p *engineio.Payload) string {
	s := engineio.NewServer(engineio.Config{}, func(c *engineio.Conn, _ *http.Request) (engineio.Receiver, error) {
		c.Send(p)
		return silent{}, nil
	})
	defer s.Close(1001, "")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, httptest.NewRequest("GET", "/?EIO=4&transport=polling", nil))
	_, text, _ := strings.Cut(rec.Body.String(), "\x1e")
	return text
}

type silent struct{}

func (silent) Message([]byte, bool)    {}
func (silent) Closed(engineio.Closure) {}

var packetSeeds = []string{
	`0`, `0{"token":"x"}`, `0/admin,{"a":[1,{"b":null}]}`, `1`, `1/admin,`,
	`2["a"]`, `2/admin,12["a",1.5e-3,"\u00fc\ud83d\ude00",true,false,null,{},[]]`, `30[]`, `39007199254740992["x"]`,
	`51-["a",{"_placeholder":true,"num":0}]`, `62-/a,7[{"num":1,"_placeholder":true},{"_placeholder":true,"num":0}]`,
	`2["a",[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]`, `2["a",-]`, `2["a",01]`, `2["a","` + "\x01" + `"]`, `4{}`, `7`,
}

// FuzzPacket decodes arbitrary text and the attachments after it. A decoded packet must
// be valid, within the limits, and unchanged after encoding and decoding it again.
func FuzzPacket(f *testing.F) {
	for _, seed := range packetSeeds {
		f.Add([]byte(seed), []byte("attachment"))
	}
	cfg := Config{}.withDefaults()
	f.Fuzz(func(t *testing.T, data, attachment []byte) {
		if !utf8.Valid(data) {
			return // the engine refuses it
		}
		p, err := decodePacket(data, &cfg)
		if err != nil {
			return
		}
		if p.attachments > 0 {
			r := &reassembly{packet: p}
			for complete := false; !complete; {
				if complete, err = r.add(attachment, cfg.Engine.MaxPayload); err != nil {
					return
				}
			}
			if p, err = r.finish(&cfg); err != nil {
				return
			}
		}
		if len(p.auth) > 0 && !json.Valid(p.auth) {
			t.Fatalf("auth %q", p.auth)
		}
		for _, a := range p.args {
			if !json.Valid(a.text) {
				t.Fatalf("argument %q of %q", a, data)
			}
		}
		if p.kind != event || strings.ContainsRune(p.namespace, ',') {
			return
		}
		if !utf8.Valid(p.name) || reserved(string(p.name)) || p.id > maxID {
			t.Fatalf("packet %+v", p)
		}
		args := make([]any, len(p.args))
		for i, a := range p.args {
			args[i] = a
		}
		name := string(p.name)
		encoded, err := encode(event, p.namespace, p.id, p.hasID, &name, args)
		if err != nil {
			t.Fatalf("%q not encoded: %v", data, err)
		}
		text, _, _ := strings.Cut(wireText(encoded), "\x1e")
		again, err := decodePacket([]byte(text[1:]), &cfg)
		if err == nil && again.attachments > 0 {
			raw := again.raw
			again.kind = event
			err = again.decodeArgs(raw, &cfg)
		}
		if err != nil || string(again.name) != name || again.id != p.id || again.namespace != p.namespace || len(again.args) != len(p.args) {
			t.Fatalf("%q became %q: %v", data, wireText(encoded), err)
		}
	})
}

// FuzzScanner compares the scanner with encoding/json.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,2,{"b":"\u00e4"}]}`, `{"a":-0.5E+9}`, `{"a" : tru}`, `{"a":1,}`, `{,}`, `{"a":"\x"}`, `{"":[]} `, `{"a":1e}`, `{"a":00}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return
		}
		want := json.Valid(data) && data[0] == '{'
		err := scanObject(data, maxDepth)
		if err == errDepth {
			return
		}
		if (err == nil) != want {
			t.Fatalf("%q: err %v, encoding/json says %v", data, err, want)
		}
	})
}
