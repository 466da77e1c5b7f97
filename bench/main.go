package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options is what the command line says.
type options struct {
	modes   []mode
	peers   []*peer
	repeat  int
	quick   bool
	out     string // "-" is stdout
	binary  string
	sources string // where the peers' sources are
	sizes   sizes
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == floorArgument {
		return report(stderr, serveFloor(ctx, os.Getenv))
	}
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_ = report(stderr, err)
		return 2
	}
	return report(stderr, measure(ctx, opts, stdout, log.New(stderr, "", 0)))
}

func report(stderr io.Writer, err error) int {
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "bench:", err) // nobody else to tell
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (opts options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	modeName := func(m mode) string { return m.name }
	modeNames := f.String("modes", names(usualModes(), modeName), "what to measure; soak runs only if it is named")
	peerNames := f.String("peers", names(allPeers(), func(p *peer) string { return p.name }), "which servers to measure")
	f.IntVar(&opts.repeat, "n", 3, "how many times each figure is measured")
	f.StringVar(&opts.out, "out", "-", "file to write the report to; - is stdout")
	f.BoolVar(&opts.quick, "quick", false, "use small sizes: shows that the benchmark works; the figures mean nothing")
	f.StringVar(&opts.binary, "bin", "bin/turnike", "the server's binary")
	f.StringVar(&opts.sources, "sources", "bench/peers", "directory of the peers' sources")
	soak := f.Duration("soak", 10*time.Minute, "how long soak lasts")
	logins := f.Int("logins", 0, "logins of each kind in mode login; 0 is the default number")
	if err := f.Parse(args); err != nil {
		return opts, err
	}
	if f.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if opts.repeat < 1 {
		return opts, errors.New("-n must be 1 or more")
	}
	opts.sizes = full()
	if opts.quick {
		opts.sizes = quick()
	}
	opts.sizes.soak = *soak
	if *logins > 0 {
		opts.sizes.logins = *logins
	}
	if opts.modes, err = choose(*modeNames, allModes(opts.sizes), modeName); err != nil {
		return opts, err
	}
	opts.peers, err = choose(*peerNames, allPeers(), func(p *peer) string { return p.name })
	return opts, err
}

func names[T any](all []T, name func(T) string) string {
	var list []string
	for _, v := range all {
		if !slices.Contains(list, name(v)) {
			list = append(list, name(v))
		}
	}
	return strings.Join(list, ",")
}

// choose picks by name, in the order of all. Several may have the same name.
func choose[T any](list string, all []T, name func(T) string) (chosen []T, err error) {
	wanted := strings.Split(list, ",")
	left := slices.Clone(wanted)
	for _, v := range all {
		if !slices.Contains(wanted, name(v)) {
			continue
		}
		chosen = append(chosen, v)
		if i := slices.Index(left, name(v)); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("%q is named twice or is not one of %s", left[0], names(all, name))
	}
	return chosen, nil
}

// measure takes all figures and writes the report.
func measure(ctx context.Context, opts options, stdout io.Writer, progress *log.Logger) (err error) {
	b, err := newBench(opts, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	results := newResults(opts.peers)
	present, err := b.present(results)
	if err != nil {
		return err
	}
	for _, m := range opts.modes {
		if err := b.takeAll(ctx, m, present, results); err != nil {
			return err
		}
	}
	if err := b.write(results, stdout); err != nil {
		return err
	}
	if n := len(results.failures); n > 0 {
		return fmt.Errorf("%d figures failed", n)
	}
	return nil
}

// present is the peers that are installed. To be without one is no failure of
// the run, unless it is the only one: its column says so.
func (b *bench) present(r *results) (list []*peer, err error) {
	for _, p := range b.opts.peers {
		if p.missing != nil {
			if err = p.missing(b); err != nil {
				b.progress.Printf("%s: not measured: %v", p.name, err)
				r.absent[p.name] = err
				continue
			}
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, err
	}
	return list, nil
}

// takeAll takes a mode's figures, the peers in turn.
func (b *bench) takeAll(ctx context.Context, m mode, peers []*peer, r *results) error {
	times := b.opts.repeat
	if m.once {
		times = 1
	}
	for round := range times {
		for _, p := range peers {
			if m.skips(p) {
				continue
			}
			which := fmt.Sprintf("%-8s %d/%d %-8s", m.name, round+1, times, p.name)
			values, err := b.figure(ctx, m, p)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.add(m, p, values)
			if err != nil {
				b.progress.Println(which, m.line(values), "failed:", err)
				r.fail(m, p, err)
				continue
			}
			b.progress.Println(which, m.line(values))
		}
	}
	return nil
}

func (b *bench) write(results *results, stdout io.Writer) error {
	text := markdown(results, b.opts, describeMachine(b.opts))
	if b.opts.out == "-" {
		_, err := io.WriteString(stdout, text)
		return err
	}
	return os.WriteFile(b.opts.out, []byte(text), 0o644)
}
