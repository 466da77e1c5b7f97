package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// How the owner of an attacked account logs in meanwhile.
const (
	ownerName     = "owner"
	ownerPassword = "the pass phrase of an honest owner"
	ownerPause    = time.Second
)

// siegeMode is passwords being guessed for a minute [SEC-02] [SEC-07]: the owner of
// one of the attacked accounts logs in from a device that is known, all the time,
// and healthy clients ping.
func siegeMode() mode {
	return mode{
		name: "siege", once: true, section: "A minute of guessed passwords",
		notFor: []string{"floor", "flask", "node"},
		metrics: []metric{
			{key: "siegeDid", title: "guesses sent per second"},
			{key: "siegeWrong", title: "guesses hashed and found wrong (401), total", zero: true},
			{key: "siegeLimited", title: "guesses told to wait (429), total", zero: true},
			{key: "siegeBusy", title: "guesses told that the server is busy (503), total", zero: true},
			{key: "siegeLost", title: "guesses without an answer within 30 s, total", zero: true},
			{key: "siegeOwner", title: "the owner's logins, all successful"},
			{key: "siegeOwner50", title: "ms of a login of the owner, p50", digits: 1, quiet: "siegeOwnerQuiet"},
			{key: "siegeOwner99", title: "ms of a login of the owner, p99", digits: 1},
			{key: "siege50", title: "ms of a healthy client's round trip, p50", digits: 1, quiet: "siegeQuiet50"},
			{key: "siege99", title: "ms of a healthy client's round trip, p99", digits: 1, quiet: "siegeQuiet99"},
			{key: "siegeRSS", title: "resident memory at most, MiB"},
		},
		setting: func(z sizes, _ *peer) setting { return setting{users: z.healthy, limits: true} },
		length:  func(z sizes) time.Duration { return z.siege },
		measure: func(ctx context.Context, f *figure) (values, error) {
			if _, err := f.server.operate(ctx, ownerPassword+"\n", "user", "add", ownerName, "--password-stdin"); err != nil {
				return nil, err
			}
			if err := f.crowd.join(ctx, 0, f.sizes.healthy); err != nil {
				return nil, err
			}
			owner, err := f.newOwner()
			if err != nil {
				return nil, err
			}
			defer owner.client.CloseIdleConnections()
			quiet, calm, err := f.beside(ctx, owner, f.sizes.siege/10)
			if err != nil {
				return nil, err
			}
			s := &siege{attacker: attacker{server: f.server, tls: f.crowd.tls, force: f.sizes.force}}
			attacking, stop := context.WithCancel(ctx)
			var all errgroup.Group
			var most int64
			all.Go(func() error { s.run(attacking); return nil })
			all.Go(func() (err error) { most, err = f.mostRSS(attacking); return err })
			loud, stormy, err := f.beside(ctx, owner, f.sizes.siege)
			stop()
			if err = errors.Join(err, all.Wait()); err != nil {
				return nil, err
			}
			return values{
				"siegeDid":   float64(s.sent.Load()) / f.sizes.siege.Seconds(),
				"siegeWrong": float64(s.wrong.Load()), "siegeLimited": float64(s.limited.Load()),
				"siegeBusy": float64(s.busy.Load()), "siegeLost": float64(s.lost.Load()),
				"siegeOwner": float64(len(stormy)), "siegeOwner50": millis(stormy, 0.5), "siegeOwner99": millis(stormy, 0.99),
				"siegeOwnerQuiet": millis(calm, 0.5), "siege50": millis(loud, 0.5), "siege99": millis(loud, 0.99),
				"siegeQuiet50": millis(quiet, 0.5), "siegeQuiet99": millis(quiet, 0.99), "siegeRSS": float64(most) / (1 << 20),
			}, nil
		},
	}
}

// beside lets the healthy clients ping and the owner log in for a time.
func (f *figure) beside(ctx context.Context, o *owner, d time.Duration) (trips, logins []time.Duration, err error) {
	var all errgroup.Group
	until, stop := context.WithTimeout(ctx, d)
	defer stop()
	all.Go(func() (err error) { trips, err = f.crowd.steady(ctx, d); return err })
	all.Go(func() error {
		for until.Err() == nil {
			took, err := o.login(ctx)
			if err != nil {
				return err
			}
			logins = append(logins, took)
			if f.crowd.rest(until, ownerPause) != nil {
				break
			}
		}
		return nil
	})
	err = all.Wait()
	return trips, logins, err
}

// owner logs in as a browser does: it keeps its cookies.
type owner struct {
	client *http.Client
	url    string
}

func (f *figure) newOwner() (*owner, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &owner{
		client: &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: f.crowd.tls}},
		url:    "https://" + f.server.addr + "/login-token",
	}, nil
}

// login is how long one takes, which must succeed.
func (o *owner) login(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	status, text, err := post(ctx, o.client, o.url, ownerName, ownerPassword)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the owner was refused: %d: %s", status, text)
	}
	return time.Since(begin), err
}

// siege guesses passwords, that of the owner among them.
type siege struct {
	attacker
	sent, wrong, limited, busy, lost atomic.Int64
}

func (s *siege) run(ctx context.Context) {
	c := s.client(ctx, s.force.logins)
	c.Timeout = 30 * time.Second
	s.paced(ctx, s.force.logins, func(ctx context.Context) {
		n := s.sent.Add(1)
		name := ownerName
		if n%50 != 0 {
			name = userName(int(n % 50))
		}
		status, _, err := post(ctx, c, "https://localhost/login-token", name, fmt.Sprintf("wrong-password-%d", n))
		switch {
		case ctx.Err() != nil: // the end of it
		case err != nil:
			s.lost.Add(1)
		case status == http.StatusUnauthorized:
			s.wrong.Add(1)
		case status == http.StatusTooManyRequests:
			s.limited.Add(1)
		case status == http.StatusServiceUnavailable:
			s.busy.Add(1)
		}
	})
}

// post tries to log in.
func post(ctx context.Context, c *http.Client, url, name, password string) (status int, answer string, err error) {
	body, err := json.Marshal(map[string]string{"username": name, "password": password})
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), errors.Join(err, res.Body.Close())
}
