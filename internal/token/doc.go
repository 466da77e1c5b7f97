// Package token owns the session token: a JWT (RFC 7519) that says who a
// request comes from. Whether the session is still live is not its to say;
// the store decides that at each check [SEC-26].
//
// A Keyring signs with its active key and verifies with all of its keys, which
// are of one algorithm: EdDSA with a key of our own, or HS256 with a secret of
// the operator's. The algorithm comes from the configuration and never from a
// token [SEC-20]. Keys may change while serving: Use puts all of them, and what
// they have verified, out of use in one step [SEC-23]. Verify goes in this order,
// cheap before dear:
//
//  1. length and dots: at most 4096 bytes in three parts [SEC-22]; then the
//     cache of tokens verified before, by SHA-256;
//  2. form: base64url and nothing else;
//  3. header: alg, typ and kid, each once, and no other [SEC-20] [SEC-21];
//  4. key: by kid out of a map, which no name can leave [SEC-21];
//  5. signature;
//  6. claims: issuer, audience, and all of ours present;
//  7. times, at every call, also for a token out of the cache.
//
// Tokens of another kind (a ticket, a reset, a link in a mail) do not exist
// yet. Each will have a typ and aud of its own and a key that is derived for
// it from the active key's secret with HKDF (RFC 5869), its typ as the info, so that
// none can stand in for another [SEC-25]. The session's key is not derived:
// applications that know JWT_SECRET_KEY or the JWKS check it themselves.
//
// The package must not know files (keyfile, below it, reads the key), sessions
// beyond their id, or HTTP.
package token
