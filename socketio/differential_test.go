package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// reference runs the tasks with the reference parser, socket.io-parser 4.2.
func reference[A any](t *testing.T, tasks []any) []A {
	t.Helper()
	node, err := exec.LookPath("node")
	if _, missing := os.Stat("../e2e/node_modules/socket.io-parser"); err != nil || missing != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node or e2e/node_modules (npm ci) is missing")
		}
		t.Skip("node or e2e/node_modules (npm ci) is missing")
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, task := range tasks {
		if err := enc.Encode(task); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "../e2e/engine/parser.mjs")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []A
	for line := range bytes.Lines(out) {
		var a A
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(tasks) {
		t.Fatalf("%d answers to %d tasks", len(answers), len(tasks))
	}
	return answers
}

// understood is a decoder's result for a packet.
type understood struct {
	OK   bool
	Type int
	NSP  string
	ID   *string
	Data json.RawMessage
}

// attached holds the attachments that follow each packet that needs some.
func attached() (all []string) {
	for i := range 10 {
		all = append(all, fmt.Sprintf("attachment %d", i))
	}
	return all
}

// understand is our decoder.
func understand(t *testing.T, text string, attachments []string) (u understood) {
	t.Helper()
	cfg := Config{}.withDefaults()
	p, err := decodePacket([]byte(text), &cfg)
	if err == nil && p.attachments > 0 {
		r := &reassembly{packet: p}
		for i := 0; ; i++ {
			complete, err := r.add([]byte(attachments[i]), cfg.Engine.MaxPayload)
			if err != nil {
				t.Fatal(err)
			}
			if complete {
				break
			}
		}
		p, err = r.finish(&cfg)
	}
	if err != nil {
		return understood{}
	}
	u = understood{OK: true, Type: int(p.kind), NSP: p.namespace, Data: p.auth}
	if p.hasID {
		id := strconv.FormatUint(p.id, 10)
		u.ID = &id
	}
	if p.kind == event || p.kind == ack {
		data := []any{}
		if p.kind == event {
			data = append(data, string(p.name))
		}
		for _, a := range p.args {
			data = append(data, a)
		}
		if u.Data, err = json.Marshal(data); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	return u
}

// value decodes JSON the way JavaScript sees it.
func value(t *testing.T, raw json.RawMessage) any {
	t.Helper()
	if raw == nil {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case json.Number:
			f, err := strconv.ParseFloat(string(v), 64)
			if err != nil || math.IsInf(f, 0) {
				return nil // JSON.stringify writes Infinity as null
			}
			return f
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		}
		return v
	}
	return walk(v)
}

// stricter returns the rule by which we refuse a packet that the reference accepts, or
// "".
func stricter(t *testing.T, text string, ref understood) string {
	head := text
	if i := strings.IndexAny(text, `[{"`); i >= 0 {
		head = text[:i]
	}
	data := value(t, ref.Data)
	list, _ := data.([]any)
	number := false
	if len(list) > 0 {
		_, number = list[0].(float64)
	}
	count, _, dashed := strings.Cut(text[min(1, len(text)):], "-")
	binary := text != "" && (text[0] == '5' || text[0] == '6')
	switch {
	case text == "" || text[0] < '0' || text[0] > '6':
		return "white space, or nothing, as the type zero"
	case ref.Type == int(connectError):
		return "CONNECT_ERROR, which only servers send"
	case ref.Type <= int(disconnect) && ref.ID != nil:
		return "an id where none is answered"
	case ref.Type == int(ack) && ref.ID == nil:
		return "an acknowledgement of nothing"
	case ref.Type >= int(event) && ref.Data == nil:
		return "no payload"
	case ref.Type == int(event) && number:
		return "a number as an event's name"
	case binary && dashed && (len(count) > 4 || strings.Trim(count, "0123456789") != ""):
		return "a number of attachments not in decimal digits"
	case strings.IndexFunc(head, unicode.IsSpace) >= 0 || strings.ContainsRune(head, 0xfeff):
		return "white space as digits of the id"
	case ref.ID != nil && parse(*ref.ID) >= maxID: // JavaScript rounds 2^53+1 down
		return "an id past 2^53 [SEC-39]"
	case depth(data) > 33, ref.Type == int(connect) && depth(data) > 32: // the arguments' array does not count
		return "nesting [SEC-39]"
	case binary && strings.Contains(text, "placeholder"):
		return "a placeholder that repeats another, or is marked but none"
	}
	return ""
}

func parse(id string) float64 {
	f, err := strconv.ParseFloat(id, 64)
	if err != nil {
		return math.Inf(1)
	}
	return f
}

// depth of arrays and objects.
func depth(v any) (deepest int) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
		return deepest + 1
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
		return deepest + 1
	}
	return 0
}

// [SEC-39] Every packet that we accept, the reference decodes to the same result. Every
// packet that only the reference accepts is refused by one of our rules, and each of
// these rules occurs.
func TestDifferentialDecoder(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(5, 4))}
	var texts []string
	var tasks []any
	for range 6000 {
		texts = append(texts, g.packet())
	}
	texts = append(texts, packetSeeds...)
	texts = append(texts, "", " ", "\ufeff", `2 ["a"]`, `2 7["a"]`, `51-[`+`"a",{"_placeholder":true,"num":-1}]`, `51-["a",{"_PLACEHOLDER":true,"NUM":0}]`,
		`51-["a",{"\u005fplaceholder":true,"num":0}]`, `51-["a",{"_placeholder":true,"num":0,"more":1}]`, `51-["a",{"_placeholder":false,"num":0}]`,
		`51-["_placeholder",true,{"a":"_placeholder"}]`, `5 1-["a"]`, `50x1-["a"]`, `51e0-["a"]`, `2["a","\ud800"]`, `2["a",1e999]`, `2["a",-0]`,
		`2["a",{"__proto__":{"b":1}}]`, `51-["a",{"__proto__":{"_placeholder":true,"num":0}}]`, `2["a",{"b":1,"b":2}]`)
	for _, text := range texts {
		tasks = append(tasks, map[string]any{"decode": text, "attachments": attached()})
	}
	same, refused, rules := 0, 0, map[string]int{}
	for i, ref := range reference[understood](t, tasks) {
		text := texts[i]
		ours := understand(t, text, attached())
		switch {
		case !ours.OK && !ref.OK:
			refused++
		case !ours.OK:
			rule := stricter(t, text, ref)
			if rule == "" {
				t.Errorf("%q: the reference understands %+v", text, ref)
			}
			rules[rule]++
		case !ref.OK:
			t.Errorf("%q: only we understand it: %+v", text, ours)
		default:
			same++
			a, b := value(t, ours.Data), value(t, ref.Data)
			if ours.Type != ref.Type || ours.NSP != ref.NSP || (ours.ID == nil) != (ref.ID == nil) || !reflect.DeepEqual(a, b) {
				t.Errorf("%q:\n we understand %+v %s\nreference has %+v %s", text, ours, ours.Data, ref, ref.Data)
			} else if ours.ID != nil && parse(*ours.ID) != parse(*ref.ID) {
				t.Errorf("%q: id %s, reference %s", text, *ours.ID, *ref.ID)
			}
		}
	}
	t.Logf("%d understood the same, %d refused by both, refused by us: %v", same, refused, rules)
	if same < 1000 || refused < 500 || len(rules) != 11 {
		t.Error("the corpus is lopsided")
	}
}

// Our encoding is identical to that of the reference.
func TestDifferentialEncoder(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(4, 5))}
	var tasks []any
	var ours [][]string
	for range 3000 {
		kind, namespace, id, hasID := event, g.pick("/", "/admin", "/ü"), g.Uint64N(1<<53), g.IntN(2) == 0
		var name *string
		var args, data []any
		if g.IntN(4) == 0 {
			kind, hasID = ack, true
		} else {
			n := g.text()
			name, data = &n, append(data, n)
		}
		for range g.IntN(4) {
			if g.IntN(4) == 0 {
				b := []byte(g.text())
				args, data = append(args, b), append(data, map[string]any{"$bytes": b})
				continue
			}
			v := g.value(3)
			args, data = append(args, v), append(data, v)
		}
		packet := map[string]any{"type": kind, "nsp": namespace, "data": append([]any{}, data...)}
		if hasID {
			packet["id"] = id
		}
		tasks = append(tasks, map[string]any{"encode": packet})
		p, err := encode(kind, namespace, id, hasID, name, args)
		if err != nil {
			t.Fatal(err)
		}
		texts := strings.Split(wireText(p), "\x1e")
		for i := range texts {
			texts[i] = texts[i][1:] // 4, or b
		}
		ours = append(ours, texts)
	}
	for i, ref := range reference[[]string](t, tasks) {
		if !reflect.DeepEqual(ours[i], ref) {
			t.Errorf("\n   we write %q\nreference: %q", ours[i], ref)
		}
	}
}

// generator generates packets: most are valid, some are not.
type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.IntN(len(of))] }

// rarely returns right nine times out of ten, otherwise another value.
func (g generator) rarely(right string, wrong ...string) string {
	if g.IntN(10) > 0 {
		return right
	}
	return g.pick(wrong...)
}

// packet generates the text of a packet and breaks some.
func (g generator) packet() string {
	kind := g.rarely("0123456"[g.IntN(7):][:1], "7", "", " ", "a")
	var b strings.Builder
	b.WriteString(kind)
	attachments := 0
	if kind == "5" || kind == "6" || g.IntN(40) == 0 {
		attachments = 1 + g.IntN(3)
		b.WriteString(g.rarely(strconv.Itoa(attachments), "10", "11", "0", "01", "1e0", " 1", "", "1.0", "-1"))
		b.WriteString(g.rarely("-", "", "--"))
	}
	b.WriteString(g.rarely(g.pick("", "/,", "/a,", "/admin,", "/ü ğ,", "/a?b=c,"), "/admin", ",", "a,"))
	if kind == "3" || kind == "6" || g.IntN(4) == 0 && kind > "1" || g.IntN(20) == 0 {
		b.WriteString(g.rarely(g.pick("0", "7", "12", "007", "9007199254740992"), "9007199254740993", "99999999999999999999999", " ", "1 ", "1e3", "-1", "x"))
	}
	if kind != "1" && g.IntN(20) > 0 {
		b.WriteString(g.payload(kind, attachments))
	}
	text := b.String()
	for g.IntN(6) == 0 {
		text = g.mutate(text)
	}
	return strings.ToValidUTF8(text, "?")
}

// payload generates a payload that fits the type, most of the time.
func (g generator) payload(kind string, attachments int) string {
	if kind == "0" || kind == "4" {
		return g.rarely(g.pick(`{}`, `{"token":"x"}`, `{"a":[1,{"b":null}]}`), `[]`, `"x"`, `null`, `false`, g.json(4))
	}
	var list []string
	if kind != "3" && kind != "6" {
		list = append(list, g.rarely(g.pick(`"event"`, `"ü\u00fc"`, `"\u0065\n"`, `""`), `1`, `null`, `{}`, `"connect"`, `"disconnecting"`, `"\u0063onnect"`, `{"toString":"x"}`))
	}
	for range g.IntN(3) {
		list = append(list, g.json(3))
	}
	for i := range attachments {
		num := g.rarely(strconv.Itoa(i), "0", "10", "-1", "0.5", `"0"`, "1e0", "null")
		list = append(list, g.rarely(g.pick(`{"_placeholder":true,"num":`+num+`}`, `{"num":`+num+`,"_placeholder":true}`, `{"x":[{ "_placeholder" : true , "num" : `+num+` }]}`),
			`{"_placeholder":true}`, `{"_placeholder":1,"num":`+num+`}`, `{"_placeholder":true,"num":`+num+`,"x":1}`))
	}
	if g.IntN(60) == 0 {
		n := 28 + g.IntN(8)
		list = append(list, strings.Repeat("[", n)+strings.Repeat("]", n))
	}
	return g.rarely("", " ", "\n") + "[" + strings.Join(list, g.rarely(",", " , ", "\t,\n", ",,")) + "]" + g.rarely("", " ", "x")
}

// json generates JSON text, in spellings that no encoder would use.
func (g generator) json(deep int) string {
	switch n := g.IntN(8); {
	case n == 0 && deep > 0:
		return `{"` + g.pick("a", "ü", "_placeholder", "__proto__", "num", `\u0061`, "") + `":` + g.json(deep-1) + `,"a" : ` + g.json(deep-1) + `}`
	case n == 1 && deep > 0:
		return `[` + g.json(deep-1) + `, ` + g.json(deep-1) + `]`
	case n < 4:
		return g.rarely(g.pick("0", "-0", "1", "-1.5", "1e3", "1E-3", "0.1e+2", "123456789012345678901"), "01", "1.", ".5", "+1", "1e", "NaN", "1e999", "5e-324")
	case n < 6:
		return `"` + g.rarely(g.pick("", "a", "ğüş", `\"\\\/\b\f\n\r\t`, `\u00fc\ud83d\ude00`, `\ud800`, "\u2028", "\x7f", "[{]}"), `\x`, `\u12`, `,"`) + `"`
	}
	return g.rarely(g.pick("true", "false", "null", "{}", "[]", "{ }", "[ ]"), "tru", "True", "undefined")
}

// mutate inserts, removes, changes or repeats something.
func (g generator) mutate(text string) string {
	i := g.IntN(len(text) + 1)
	j := min(i+1+g.IntN(3), len(text))
	something := g.pick(`"`, `\`, `[`, `]`, `{`, `}`, `,`, `:`, `-`, ` `, `0`, `9`, `/`, "\x00", "\x1f", "\u00a0", "\ufeff", "ü", `true`, `{"_placeholder":true,"num":0}`)
	switch g.IntN(4) {
	case 0:
		return text[:i] + something + text[i:]
	case 1:
		return text[:i] + text[j:]
	case 2:
		return text[:i] + something + text[j:]
	}
	return text[:j] + text[i:]
}

// text generates a string.
func (g generator) text() string {
	var b strings.Builder
	for range g.IntN(6) {
		b.WriteString(g.pick("a", "Z", "<b>&", "ğ", "\u2028", "\u2029", "\"", "\\", "\\u2028", "/", "\n\r\t\b\f", "\x00\x1f", "\x7f", "🙂", "\u00a0", "_placeholder"))
	}
	return b.String()
}

// value generates a value to encode.
func (g generator) value(deep int) any {
	switch n := g.IntN(9); {
	case n == 0 && deep > 0:
		m := map[string]any{}
		for range g.IntN(4) {
			m["k"+g.text()] = g.value(deep - 1)
		}
		return m
	case n == 1 && deep > 0:
		list := []any{}
		for range g.IntN(4) {
			list = append(list, g.value(deep-1))
		}
		return list
	case n == 2:
		return g.IntN(2) == 0
	case n == 3:
		return nil
	case n == 4:
		return g.Int64N(1 << 53)
	case n == 5:
		return math.Float64frombits(g.Uint64N(0x7ff<<52)) * float64(1-2*g.IntN(2)) // any but NaN and infinities
	case n == 6:
		return g.Float64() * math.Pow10(g.IntN(50)-25)
	}
	return g.text()
}
