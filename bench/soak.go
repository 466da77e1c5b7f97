package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	soakUsers = 100
	soakRound = 10 * time.Second
	// soakCalm is longer than anything of an ended connection is kept: last words
	// that wait for a polling client, idle HTTP connections.
	soakCalm = 70 * time.Second
)

// soakMode is whether everything comes back after a long time of joins, leaves,
// kicks, floods and slow readers: descriptors, threads, goroutines and memory are
// compared with what they were after the first such round.
func soakMode() mode {
	return mode{
		name: "soak", section: "Endurance", asked: true, once: true,
		notFor: []string{"floor", "flask", "node"},
		metrics: []metric{
			{key: "soakRounds", title: "rounds, each with joins, leaves, kicks and an attack"},
			{key: "soakJoins", title: "users who came in"},
			{key: "soakKicks", title: "sessions ended"},
			{key: "soakFiles", title: "file descriptors, increase", target: "<= 5", zero: true},
			{key: "soakThreads", title: "threads, increase", zero: true},
			{key: "soakGoroutines", title: "goroutines, increase", target: "<= 10", zero: true},
			{key: "soakRSS", title: "resident memory, times the value at the start", target: "<= 2", digits: 2},
		},
		setting: func(z sizes, _ *peer) setting {
			return setting{users: soakUsers + z.soakForce.slow + 2, limits: true, metrics: true}
		},
		length: func(z sizes) time.Duration { return z.soak + 2*soakCalm + 2*time.Minute },
		measure: func(ctx context.Context, f *figure) (values, error) {
			calm := soakCalm
			if f.sizes.soak < time.Minute {
				calm = f.sizes.soak // it shows only that it works
			}
			s := &soak{figure: f}
			s.reissue()
			for i := range attacks() { // the first plateau has seen all of it once
				if err := s.round(ctx, i, min(soakRound, f.sizes.soak/4)); err != nil {
					return nil, err
				}
				if f.sizes.soak < time.Minute {
					break
				}
			}
			first, err := s.look(ctx, calm)
			if err != nil {
				return nil, err
			}
			v := make(values)
			for end, i := time.Now().Add(f.sizes.soak), 0; time.Now().Before(end); i++ {
				if err := s.round(ctx, i, min(soakRound, f.sizes.soak)); err != nil {
					return nil, fmt.Errorf("round %d: %w", i, err)
				}
				v["soakRounds"]++
			}
			last, err := s.look(ctx, calm)
			if err != nil {
				return nil, err
			}
			v["soakJoins"], v["soakKicks"] = s.joins, s.kicks
			v["soakFiles"], v["soakThreads"] = last.files-first.files, last.threads-first.threads
			v["soakGoroutines"], v["soakRSS"] = last.goroutines-first.goroutines, last.rss/first.rss
			if v["soakFiles"] > 5 || v["soakGoroutines"] > 10 || v["soakRSS"] > 2 {
				err = fmt.Errorf("resources were not released: %+v at the start, %+v at the end", first, last)
			}
			return v, err
		},
	}
}

// soak is one under way.
type soak struct {
	*figure
	tokens       sync.Map // string by user name: of sessions that were ended and opened again
	joins, kicks float64
}

// plateau is what the process has when nobody is there.
type plateau struct{ files, threads, goroutines, rss float64 }

// look waits for calm and looks.
func (s *soak) look(ctx context.Context, calm time.Duration) (p plateau, err error) {
	if err := s.crowd.rest(ctx, calm); err != nil {
		return p, err
	}
	files, e1 := s.server.descriptors()
	threads, e2 := s.server.threads()
	rss, e3 := s.server.rss()
	goroutines, e4 := s.server.goroutines(ctx)
	return plateau{float64(files), float64(threads), float64(goroutines), float64(rss)}, errors.Join(e1, e2, e3, e4)
}

// reissue has users whose session was ended come with their new token.
func (s *soak) reissue() {
	old := s.server.token
	s.server.token = func(user int) string {
		if t, ok := s.tokens.Load(userName(user)); ok {
			return t.(string)
		}
		return old(user)
	}
}

// round lets everybody in, attacks, ends some sessions, and sends everybody away:
// half of them say so, the others are cut.
func (s *soak) round(ctx context.Context, i int, d time.Duration) error {
	c := newCrowd(s.server, s.crowd.tls, s.crowd.limit)
	defer c.close()
	// As official clients, they try again: the rest of the machine may be busy.
	how, group := &comeback{}, errgroup.Group{}
	group.SetLimit(c.limit)
	c.clients = make([]*client, soakUsers)
	c.returning.Store(true)
	for user := range soakUsers {
		group.Go(func() (err error) {
			c.clients[user], err = c.oneBack(ctx, user, how)
			return err
		})
	}
	err := group.Wait()
	c.returning.Store(false)
	c.clients = slices.DeleteFunc(c.clients, func(k *client) bool { return k == nil })
	if n := how.refused.Load(); err == nil && n > 0 {
		err = fmt.Errorf("%d users were refused", n)
	}
	if err != nil {
		return err
	}
	s.joins += soakUsers
	attacking, stop := context.WithTimeout(ctx, d)
	defer stop()
	list := attacks()
	a := &attacker{server: s.server, tls: s.crowd.tls, force: s.sizes.soakForce, users: soakUsers}
	done := make(chan struct{})
	go func() { // ends with attacking
		list[i%len(list)].run(attacking, a)
		close(done)
	}()
	_, err = c.steady(ctx, d/2)
	for n := 0; err == nil && n < 3; n++ {
		err = s.kick(ctx, c.clients[(7*i+n)%soakUsers])
	}
	stop()
	<-done
	if err != nil {
		return err
	}
	for n, k := range c.clients {
		if n%2 == 0 {
			_ = k.leave() // some have been ended
		} else {
			k.expectEnd()
		}
	}
	return nil
}

// kick ends a session, waits until its client has heard, and opens another.
func (s *soak) kick(ctx context.Context, k *client) error {
	k.expectEnd()
	if err := s.server.endSession(ctx, k.user); err != nil {
		return err
	}
	if _, err := k.ended(ctx); err != nil {
		return err
	}
	out, err := s.server.operate(ctx, "", "session", "issue", userName(k.user))
	if err != nil {
		return err
	}
	var issued struct{ Username, Token string }
	if err := json.Unmarshal(bytes.TrimSpace(out), &issued); err != nil {
		return err
	}
	s.tokens.Store(issued.Username, issued.Token)
	s.kicks++
	return nil
}
