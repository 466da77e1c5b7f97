package login

import (
	"context"
	"errors"

	"github.com/turnike/turnike/internal/account"
	"github.com/turnike/turnike/internal/session"
)

// checkPassword takes the same time and returns the same error for an unknown
// account, a disabled one and a wrong password [SEC-05]. Logins from known devices
// do not queue behind those of strangers [SEC-07].
func (s *Service) checkPassword(ctx context.Context, user session.User, password string, knownDevice bool) error {
	hash := user.PasswordHash
	if user.Disabled {
		hash = ""
	}
	verify := s.hasher.Verify
	if knownDevice {
		verify = s.hasher.VerifyFirst
	}
	ok, weak, err := verify(ctx, hash, password)
	switch {
	case errors.Is(err, account.ErrHash) || errors.Is(err, account.ErrPepper): // only the operator learns of it
		s.log.ErrorContext(ctx, "the stored password cannot be checked", "user", user.Name, "error", err)
		return session.ErrInvalidCredentials
	case err != nil:
		return err
	case !ok || user.ID == "" || user.Disabled:
		return session.ErrInvalidCredentials
	}
	if weak { // [SEC-01]
		s.rehash(ctx, user, password)
	}
	return nil
}

// rehash stores the password with today's parameters. When it fails, the login
// goes on.
func (s *Service) rehash(ctx context.Context, user session.User, password string) {
	hash, err := s.hasher.Hash(ctx, password)
	if err == nil {
		err = s.accounts.Rehash(ctx, user.ID, user.PasswordHash, hash)
	}
	if err != nil {
		s.log.WarnContext(ctx, "password not rehashed", "user", user.Name, "error", err)
	}
}
