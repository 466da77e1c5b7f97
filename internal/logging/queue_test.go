package logging

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func lostLine(n uint64) []byte { return fmt.Appendf(nil, "lost %d\n", n) }

func newQueue(to io.Writer) *Queue {
	q := NewQueue(to, 90)
	q.Note(lostLine)
	return q
}

func put(t *testing.T, q *Queue, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if n, err := fmt.Fprintf(q, "line %02d.\n", i); n != 9 || err != nil {
			t.Fatal(n, err)
		}
	}
}

// TestI5_QueueUnread: a destination that takes nothing delays nobody; what was
// lost is counted and told in its place once the destination takes lines again.
func TestI5_QueueUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		q := newQueue(w)
		put(t, q, 0, 1)
		synctest.Wait()  // it is under way
		put(t, q, 1, 25) // ten fit
		if q.Lost() != 15 {
			t.Errorf("%d lines lost", q.Lost())
		}
		if q.Flush(time.Second) {
			t.Error("flushed what nobody has read")
		}
		lines := bufio.NewScanner(r)
		read := func(want string) {
			t.Helper()
			if !lines.Scan() || lines.Text() != want {
				t.Fatalf("%q, want %q", lines.Text(), want)
			}
		}
		for i := range 10 {
			read(fmt.Sprintf("line %02d.", i))
		}
		read("lost 15")
		synctest.Wait()
		put(t, q, 25, 26)
		read("line 25.")
		if !q.Close(time.Second) || q.Lost() != 15 {
			t.Errorf("closed with %d lines lost", q.Lost())
		}
		put(t, q, 26, 27)
		if q.Lost() != 16 {
			t.Error("a line after the end is not counted")
		}
	})
}

// TestQueueClose: it waits for what is queued, but not for ever.
func TestQueueClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		q := newQueue(w)
		put(t, q, 0, 3)
		begin := time.Now()
		if q.Close(2*time.Second) || time.Since(begin) != 2*time.Second {
			t.Errorf("closed after %s", time.Since(begin))
		}
		if err := r.Close(); err != nil { // lets the writer end
			t.Fatal(err)
		}
	})
	var b strings.Builder
	q := newQueue(&b)
	put(t, q, 0, 3)
	if !q.Close(time.Minute) || b.String() != "line 00.\nline 01.\nline 02.\n" {
		t.Errorf("%q", b.String())
	}
}

// failing is a destination that refuses lines while err is set.
type failing struct {
	strings.Builder
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.Builder.Write(p)
}

// TestQueueRefused: lines that cannot be written are counted, and told before the
// next that can.
func TestQueueRefused(t *testing.T) {
	to := &failing{err: errors.New("no space")}
	q := newQueue(to)
	put(t, q, 0, 3)
	if !q.Flush(time.Minute) || q.Lost() != 3 {
		t.Errorf("%d lines lost", q.Lost())
	}
	to.err = nil // the writer is idle after Flush
	q.Skip()
	put(t, q, 3, 4)
	if !q.Close(time.Minute) || to.String() != "lost 4\nline 03.\n" {
		t.Errorf("%q", to.String())
	}
}
