package main

import (
	"context"
	"errors"

	"github.com/turnike/turnike/internal/session"
)

type mint struct{}

func (w *workspace) mint(ctx context.Context) (*mint, error)           { return nil, errors.New("x") }
func (m *mint) sign(s session.Session, u session.User) (string, error) { return "", nil }
func tokenSecret(s string) error                                       { return nil }
