package alert

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// login authenticates with the strongest mechanism that the server offers.
type login struct {
	smtp.Auth // the chosen mechanism

	ways []string
	make map[string]smtp.Auth
}

func (s SMTP) login(host string) smtp.Auth {
	user, password := s.Username, s.Password.Reveal()
	clear := s.Security == Plain // only on this machine
	return &login{
		ways: []string{"SCRAM-SHA-256", "PLAIN", "LOGIN"},
		make: map[string]smtp.Auth{
			"SCRAM-SHA-256": smtp.ScramSHA256Auth(user, password),
			"PLAIN":         smtp.PlainAuth("", user, password, host, clear),
			"LOGIN":         smtp.LoginAuth(user, password, host, clear),
		},
	}
}

// Start implements smtp.Auth.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	for _, way := range l.ways {
		if slices.Contains(server.Auth, way) {
			l.Auth = l.make[way]
			return l.Auth.Start(server)
		}
	}
	return "", nil, errors.New("it offers none of SCRAM-SHA-256, PLAIN and LOGIN")
}
