package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows on a terminal how much of a long work is done. Elsewhere it
// writes nothing.
type progress struct {
	out   io.Writer // nil elsewhere
	title string
	total int

	mu   sync.Mutex // guards last and out
	last time.Time
}

// progressInterval is how often the line is written again.
const progressInterval = 100 * time.Millisecond

func newProgress(w io.Writer, title string, total int) *progress {
	if !isTerminal(w) {
		w = nil
	}
	return &progress{out: w, title: title, total: total}
}

// show notes that so many are done.
func (p *progress) show(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || time.Since(p.last) < progressInterval {
		return
	}
	p.last = time.Now()
	const width = 30
	filled := width * done / max(p.total, 1)
	_, _ = fmt.Fprintf(p.out, "\r%s [%s%s] %d of %d", p.title, strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, p.total)
}

// end removes the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil && !p.last.IsZero() {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
	}
}
