package realtime

import "github.com/turnike/turnike/internal/session"

// Codes of connections that ended while their session lives on.
const (
	codeConnectionReplaced = "connection_replaced" // [S1]
	codeRegisterTimeout    = "register_timeout"
	codeSlowConsumer       = "slow_consumer"
	codeRateLimited        = "rate_limited" // [S1]; also answers a handshake or a poll [SEC-41] [SEC-42]
)

// Codes of failures, other than those of ended sessions.
const (
	codeBadRequest       = "bad_request"
	codeInvalidToken     = "invalid_token"
	codeTokenMismatch    = "token_mismatch"
	codeUsernameMismatch = "username_mismatch"
	codeNotRegistered    = "not_registered"
	codeSeatLimit        = "seat_limit"
	codeSeatLost         = "seat_lost"
	codeEventRateLimited = "event_rate_limited"
	codeForbidden        = "forbidden"
	codeStoreUnavailable = "store_unavailable"
	codeDraining         = "server_draining"
	codeCrossOrigin      = "cross_origin"
	codeInternal         = "internal error"
	codeKeysChanged      = "token_keys_changed" // only in closes
)

// Close codes after which an official client reconnects by itself.
const (
	closeDraining     = 4100
	closeSlowConsumer = 4101
	closeTryAgain     = 1013 // RFC 6455, registry of close codes
	closePolicy       = 1008 // RFC 6455, section 7.4.1
	closeInternal     = 1011 // RFC 6455, section 7.4.1
)

// finalClose returns the close code for a code after which no client reconnects.
func finalClose(code string) int {
	switch code {
	case string(session.Replaced):
		return 4001
	case string(session.EndedByAdmin):
		return 4002
	case string(session.Expired):
		return 4003
	case string(session.Idle):
		return 4004
	case string(session.AccountDisabled):
		return 4006
	case string(session.LoggedOut):
		return 4007
	case codeConnectionReplaced:
		return 4009
	case codeRegisterTimeout:
		return 4010
	case string(session.PasswordChanged):
		return 4011
	case string(session.RoleChanged):
		return 4012
	case codeRateLimited:
		return 4013
	}
	return 4002 // only an operator can cause a code that this build does not know
}
