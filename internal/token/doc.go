// Package token owns the session token: a JWT (RFC 7519) that says whom a request
// comes from. Whether the session is still live is decided by the store, at every
// request [SEC-26].
//
// A Keyring signs with its active key and verifies with all of its keys, which
// are of one algorithm: EdDSA with a key of our own, or HS256 with a secret of
// the operator's. The algorithm comes from the configuration and never from a
// token [SEC-20]. Keys can change while the server runs: Use replaces all of them
// in one step, and forgets what they have verified [SEC-23]. Verify takes these
// steps, the cheap ones first:
//
//  1. length and dots: at most 4096 bytes in three parts [SEC-22]; then the
//     cache of tokens verified before, by SHA-256;
//  2. form: base64url and nothing else;
//  3. header: alg, typ and kid, each once, and nothing else [SEC-20] [SEC-21];
//  4. key: by kid from a map, so that a kid can name nothing else [SEC-21];
//  5. signature;
//  6. claims: issuer, audience, and the presence of all others;
//  7. times, at every call, also for a token from the cache.
//
// Tokens of another kind (a ticket, a reset, a link in a mail) do not exist
// yet. Each will have its own typ and aud, and its own key, derived from the active
// key's secret with HKDF (RFC 5869) and the typ as info. So no kind can replace
// another [SEC-25]. The key of session tokens is not derived, because applications
// verify them with JWT_SECRET_KEY or the JWKS.
//
// This package must not know files (package keyfile reads the keys), sessions
// beyond their id, or HTTP.
package token
