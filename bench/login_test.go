package main

import (
	"math"
	"testing"
)

// TestSEC05_EachKindEquallyOften checks that all kinds of refused logins are compared,
// and equally often at each position.
func TestSEC05_EachKindEquallyOften(t *testing.T) {
	const rows = 30
	var places [len(loginKinds)][len(loginKinds)]int
	for row := range rows {
		for place := range loginKinds {
			places[loginKind(row, place)][place]++
		}
	}
	for kind, at := range places {
		for place, n := range at {
			if n != rows/len(loginKinds) {
				t.Errorf("%s is %d times at place %d of %d rows", loginKinds[kind], n, place, rows)
			}
		}
	}
}

// TestMannWhitney compares with results calculated by hand.
func TestMannWhitney(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"apart: U 0, z 2.611", []float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}, 0.009023},
		{"the other way round", []float64{6, 7, 8, 9, 10}, []float64{1, 2, 3, 4, 5}, 0.009023},
		{"U 9, z 0.731", []float64{1, 4, 5, 8, 10}, []float64{2, 6, 7, 9, 11}, 0.464702},
		{"the same, all tied", []float64{3, 3, 3}, []float64{3, 3, 3}, 1},
		{"tied across: U 0.5, z 1.746", []float64{1, 2, 3}, []float64{3, 4, 5}, 0.080856},
	} {
		if got := mannWhitney(c.a, c.b); math.IsNaN(got) || math.Abs(got-c.want) > 2e-5 {
			t.Errorf("%s: p is %v, want %v", c.name, got, c.want)
		}
	}
}

func TestGap(t *testing.T) {
	if got := gap([]float64{39, 41}, []float64{42, 42}); math.Abs(got-5) > 1e-9 {
		t.Errorf("the gap of 40 and 42 is %v %%, want 5", got)
	}
}
