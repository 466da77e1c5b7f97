/** The attributes of the session's cookie; scripts cannot set HttpOnly. */
const attributes = '; Path=/; Secure; SameSite=Lax';
const probe = '__Host-turnike-probe=1';

/**
 * Reports whether the browser stores a cookie like the session's. It is asked
 * before a login: a login whose cookie is dropped would still replace the
 * user's session elsewhere (A3).
 */
export function keepsCookies(): boolean {
  try {
    document.cookie = probe + attributes;
    const kept = document.cookie.includes(probe);
    document.cookie = `${probe}${attributes}; Max-Age=0`;
    return kept;
  } catch {
    return false; // a frame without an origin of its own
  }
}
