package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress is a progress bar. It writes nothing unless the output is a terminal.
type progress struct {
	out   io.Writer // nil if the output is no terminal
	title string
	total int

	mu   sync.Mutex // guards last and out
	last time.Time
}

// progressInterval is the shortest time between two updates.
const progressInterval = 100 * time.Millisecond

func newProgress(w io.Writer, title string, total int) *progress {
	if !isTerminal(w) {
		w = nil
	}
	return &progress{out: w, title: title, total: total}
}

// show updates the bar.
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

// end removes the bar.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil && !p.last.IsZero() {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
	}
}
