package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestQuick takes every figure of Turnike at a small size, so that the benchmark stays
// correct: it must end without an error, with a value in each row, and with exact seats
// [I1].
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	binary, out := filepath.Join(dir, "turnike"), filepath.Join(dir, "RESULTS.md")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/turnike/turnike/cmd/turnike")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"-quick", "-n", "1", "-soak", "2s", "-modes", names(allModes(quick()), func(m mode) string { return m.name }), "-peers", ours, "-bin", binary, "-out", out}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range allModes(quick()) {
		for _, k := range m.metrics {
			row := rowOf(string(raw), k)
			switch value := strings.Trim(strings.Split(row, "|")[3], " *"); {
			case value == "NaN":
				t.Errorf("%s: not a number: %s", k.key, row)
			case value != "" && k.zero:
			case value == "-" || strings.HasPrefix(value, "-"):
				t.Errorf("%s: no value: %s", k.key, row)
			case k.exact && value != "0":
				t.Errorf("%s is %s, not exact", k.key, value)
			case !k.exact && strings.Trim(value, "0.") == "":
				t.Errorf("%s is %s: nothing was measured", k.key, value)
			}
		}
	}
}

// rowOf returns a metric's row of the table, or one without values.
func rowOf(report string, k metric) string {
	for line := range strings.Lines(report) {
		if strings.HasPrefix(line, "| "+k.title+" |") {
			return line
		}
	}
	return "| | | - |"
}

func TestSummarise(t *testing.T) {
	for _, c := range []struct {
		all  []float64
		want summary
	}{
		{nil, summary{}},
		{[]float64{7}, summary{7, 7, 7, 1}},
		{[]float64{9, 1}, summary{5, 1, 9, 2}},
		{[]float64{9, 1, 2}, summary{2, 1, 9, 3}},
	} {
		if got := summarise(c.all); got != c.want {
			t.Errorf("summarise(%v) is %v, want %v", c.all, got, c.want)
		}
	}
}

func TestCell(t *testing.T) {
	k, node := metric{key: "x", digits: 1}, nodePeer()
	r := newResults(allPeers())
	for _, x := range []float64{2000, 1000, 3000} {
		r.add(mode{}, turnike(), values{"x": x})
		r.add(mode{}, node, values{"x": 10 * x})
	}
	for _, c := range []struct {
		p    *peer
		want string
	}{
		{turnike(), "**2,000.0**<br>1,000.0 to 3,000.0"},
		{node, "20,000.0 (10×)<br>10,000.0 to 30,000.0"},
		{floorPeer(), "-"},
	} {
		if got := cell(r, k, c.p); got != c.want {
			t.Errorf("the cell of %s is %q, want %q", c.p.name, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0.0", 999.96: "1,000.0", 1234567.25: "1,234,567.2", -1234: "-1,234.0", 12: "12.0"} {
		if got := number(x, 1); got != want {
			t.Errorf("number(%v) is %s, want %s", x, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	name := func(s string) string { return s }
	all := []string{"a", "b", "c"}
	if got, err := choose("c,a", all, name); err != nil || strings.Join(got, "") != "ac" {
		t.Errorf("choose gives %v, %v; want them in their own order", got, err)
	}
	for _, list := range []string{"", "d", "a,d", "a,a"} {
		if got, err := choose(list, all, name); err == nil {
			t.Errorf("choose(%q) gives %v, want an error", list, got)
		}
	}
}

func TestInside(t *testing.T) {
	for text, want := range map[string]int64{
		`42["connection_slots",{"pool":"default","max":3,"used":17,"available":0,"epoch":"x","seq":1}]`: 17,
		`42["connection_slots",{"current":5,"max":10,"available":5}]`:                                   5,
		`42["connection_slots",{"used":8}]`:                                                             8,
		`42["connection_slots",{"used":8`:                                                               -1, // cut off
		`42["connection_slots",{"used":"8"}]`:                                                           -1,
		`42["connection_slots",{}]`:                                                                     -1,
	} {
		if got := inside([]byte(text)); got != want {
			t.Errorf("%s tells %d, want %d", text, got, want)
		}
	}
}
