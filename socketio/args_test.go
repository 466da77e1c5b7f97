package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
)

// received returns the arguments of a received event with attachments.
func received(t *testing.T, text string, attachments ...string) Args {
	t.Helper()
	cfg := Config{}.withDefaults()
	p, err := decodePacket([]byte(text), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	if p.attachments == 0 {
		return p.args
	}
	r := &reassembly{packet: p}
	for i := range p.attachments {
		if _, err := r.add([]byte(attachments[i]), cfg.Engine.MaxPayload); err != nil {
			t.Fatal(err)
		}
	}
	if p, err = r.finish(&cfg); err != nil {
		t.Fatal(err)
	}
	return p.args
}

// Attachments, strings and objects that look like placeholders are distinguished.
func TestArgBinary(t *testing.T) {
	args := received(t, `2["e","AQID",{"_placeholder":true,"num":0}]`)
	for _, a := range args {
		var b Binary
		if data, ok := a.Binary(); ok || a.HasBinary() || a.Decode(&b) == nil {
			t.Errorf("%s is an attachment: %q", a, data)
		}
	}
	var v any
	if err := args[1].Decode(&v); err != nil || !reflect.DeepEqual(v, map[string]any{"_placeholder": true, "num": 0.0}) {
		t.Errorf("got %v, %v", v, err)
	}
	args = received(t, `52-["e",{"_placeholder":true,"num":1},[{ "num" : 0, "_placeholder" : true }],"AQID"]`, "first", "")
	if data, ok := args[0].Binary(); !ok || data == nil || len(data) != 0 {
		t.Errorf("got %v, %v", data, ok)
	}
	if _, ok := args[1].Binary(); ok || !args[1].HasBinary() || args[2].HasBinary() {
		t.Error("an array is an attachment, or has none, or a string has one")
	}
	if got := fmt.Sprint(args); got != `["" ["Zmlyc3Q="] "AQID"]` {
		t.Errorf("as JSON: %s", got)
	}
	var s string
	if err := args[0].Decode(&s); err == nil {
		t.Error("an attachment was decoded into a string")
	}
}

// custom has its own UnmarshalJSON.
type custom struct{ text string }

func (c *custom) UnmarshalJSON(text []byte) error { c.text = string(text); return nil }

type inner struct {
	Data  []byte
	Other string
}

// Attachments are decoded anywhere in an argument.
func TestArgDecode(t *testing.T) {
	const text = `53-["e",{"name":"x","Data":{"_placeholder":true,"num":0},"b":{"_placeholder":true,"num":1},"any":[1,{"k":{"_placeholder":true,"num":2}}]}]`
	arg := func() Arg { return received(t, text, "one", "two", "three")[0] }
	type target struct {
		Name   string `json:"name"`
		inner         // embedded, its fields promoted
		B      *Binary
		Any    any             `json:"any"`
		Hidden string          `json:"-"`
		Left   json.RawMessage `json:"left"`
	}
	two := Binary("two")
	list := []any{1.0, map[string]any{"k": Binary("three")}}
	var whole any
	var raw map[string]json.RawMessage
	var named map[string]Arg
	var own struct {
		Any custom
		B   [3]byte
	}
	for _, tt := range []struct {
		dst, want any
	}{
		{new(target), &target{Name: "x", inner: inner{Data: []byte("one")}, B: &two, Any: list}},
		{&whole, ptr[any](map[string]any{"name": "x", "Data": Binary("one"), "b": two, "any": list})},
		{&raw, &map[string]json.RawMessage{"name": []byte(`"x"`), "Data": []byte(`"b25l"`), "b": []byte(`"dHdv"`), "any": []byte(`[1,{"k":"dGhyZWU="}]`)}},
		{&struct{ Any []Arg }{}, nil},
		{&named, nil},
	} {
		if err := arg().Decode(tt.dst); err != nil {
			t.Errorf("%T: %v", tt.dst, err)
		} else if tt.want != nil && !reflect.DeepEqual(tt.dst, tt.want) {
			t.Errorf("%T: got %+v, want %+v", tt.dst, tt.dst, tt.want)
		}
	}
	if data, ok := named["b"].Binary(); !ok || string(data) != "two" || named["name"].String() != `"x"` {
		t.Errorf("got %s", named)
	}
	if err := arg().Decode(&own); err == nil || own.Any.text != "" {
		t.Errorf("an attachment was decoded into an array of bytes: %+v", own)
	}
	for _, wrong := range []any{nil, target{}, new([]string), new(string), new(map[string]string), new(chan int)} {
		if err := arg().Decode(wrong); err == nil {
			t.Errorf("decoded into %T", wrong)
		}
	}
	var n int
	var left = "as it was"
	if err := received(t, `2["e",7]`).Decode(&n, &left); err != nil || n != 7 || left != "as it was" {
		t.Errorf("got %d, %q, %v", n, left, err)
	}
}

func ptr[T any](v T) *T { return &v }

// Data anywhere in an argument is sent as an attachment; the numbers follow the order in
// the text.
func TestEncodeAttachments(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	type node struct {
		Data     []byte            `json:"data,omitempty"`
		Children []*node           `json:"children,omitempty"`
		Extra    map[string]Binary `json:"extra,omitempty"`
		hidden   []byte
	}
	type embedded struct {
		inner
		At time.Time `json:"at"`
		IP net.IP    `json:"ip"`
	}
	came := received(t, `52-["e",{"z": {"_placeholder":true,"num":1}, "a":[ {"_placeholder":true,"num":0} ]}]`, "A", "Z")[0]
	tree := &node{Data: []byte("1"), hidden: []byte("x"), Children: []*node{{Data: []byte{}}, nil, {Extra: map[string]Binary{"b": Binary("3"), "a": Binary("2")}}}}
	for name, tt := range map[string]struct {
		args []any
		want string
	}{
		"in a map":       {[]any{map[string]any{"b": []byte("1"), "a": []any{Binary("2"), "x"}}}, `52-["e",{"a":[@0,"x"],"b":@1}] 2 1`},
		"in structs":     {[]any{tree, []byte("4")}, `54-["e",{"data":@0,"children":[{},null,{"extra":{"a":@1,"b":@2}}]},@3] 1 2 3 4`},
		"embedded":       {[]any{embedded{inner{[]byte("1"), "o"}, at, net.IPv4(127, 0, 0, 1)}}, `51-["e",{"Data":@0,"Other":"o","at":"2026-05-01T12:00:00Z","ip":"127.0.0.1"}] 1`},
		"as it came":     {[]any{came, "x", map[string]any{"again": came}}, `54-["e",{"z":@0,"a":[@1]},"x",{"again":{"z":@2,"a":[@3]}}] Z A Z A`},
		"nil":            {[]any{[]byte(nil), map[string][]byte{"a": nil}, struct{ B Binary }{}}, `51-["e",@0,{"a":null},{"B":null}] `},
		"twice":          {[]any{[2][]byte{[]byte("1"), []byte("1")}}, `52-["e",[@0,@1]] 1 1`},
		"none":           {[]any{map[string]any{"a": []int{1}, "b": json.RawMessage(`"x"`), "c": []string(nil)}}, `2["e",{"a":[1],"b":"x","c":null}]`},
		"by MarshalJSON": {[]any{json.RawMessage(`"AQID"`), map[string]any{"at": at}}, `2["e","AQID",{"at":"2026-05-01T12:00:00Z"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := EncodeEvent("/", "e", tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, part := range strings.Split(wireText(p), "\x1e") {
				if i > 0 {
					part = string(decodeBase64(t, part[1:]))
				}
				got = append(got, part)
			}
			want := strings.Split(tt.want, "] ")
			for i := range 9 {
				want[0] = strings.ReplaceAll(want[0], fmt.Sprintf("@%d", i), fmt.Sprintf(`{"_placeholder":true,"num":%d}`, i))
			}
			text := "4" + want[0]
			if len(want) == 2 {
				text += "] " + want[1]
			}
			if all := strings.Join(got, " "); all != text {
				t.Errorf("got  %s\nwant %s", all, text)
			}
		})
	}
	if string(tree.Data) != "1" || string(tree.Children[2].Extra["a"]) != "2" {
		t.Errorf("the value was changed: %+v", tree)
	}
}

func decodeBase64(t *testing.T, s string) (data []byte) {
	t.Helper()
	if err := json.Unmarshal([]byte(`"`+s+`"`), &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// Values that cannot be sent return an error.
func TestEncodeErrors(t *testing.T) {
	type loop struct {
		Next *loop
		Data []byte
	}
	circle := &loop{Data: []byte("x")}
	circle.Next = circle
	lookalike := json.RawMessage(`{"_placeholder":true,"num":0}`)
	for name, args := range map[string][]any{
		"a channel":                             {make(chan int)},
		"a value that holds itself":             {circle},
		"a lookalike beside an attachment":      {lookalike, []byte("x")},
		"a lookalike after an attachment":       {[]byte("x"), map[string]any{"_placeholder": true, "num": 1}},
		"a lookalike that is no placeholder":    {[]byte("x"), map[string]any{"_placeholder": true}},
		"a channel beside data":                 {map[string]any{"a": []byte("x"), "b": make(chan int)}},
		"JSON that is none, beside attachments": {[]byte("x"), json.RawMessage(`{`)},
	} {
		if p, err := EncodeEvent("/", "e", args...); err == nil {
			t.Errorf("%s: sent as %s", name, wireText(p))
		}
	}
	if _, err := EncodeEvent("/", "e", lookalike); err != nil {
		t.Errorf("alone it is an object like any other: %v", err)
	}
}

// Names that are reserved on the client are not allowed for events.
func TestReservedNames(t *testing.T) {
	s := NewServer(Config{})
	n := s.Of("/")
	for _, name := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
		if _, err := EncodeEvent("/", name); !errors.Is(err, ErrReserved) {
			t.Errorf("%s: %v", name, err)
		}
		if err := n.To("room").Emit(name, 1); !errors.Is(err, ErrReserved) {
			t.Errorf("%s: %v", name, err)
		}
		func() {
			defer func() {
				if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "reserved") {
					t.Errorf("%s: On panicked with %v", name, v)
				}
			}()
			n.On(name, nil)
		}()
	}
}
