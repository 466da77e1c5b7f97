/** What a person typed. */
export interface Credentials {
  username: string;
  password: string;
}

/** A session that stands in the way, as the server describes it. */
export interface Standing {
  id: string;
  device: string;
  since: string;
  last_active: string;
  connected: boolean;
}

/** A problem document of the login (RFC 9457) with the contract's fields. */
export interface Refusal {
  code: string;
  message: string;
  /** Seconds. */
  retryAfter: number;
  sessions: Standing[];
  ticket: string;
  ticketExpiresAt: number;
  cause: 'policy' | 'war_breaker';
  max: number;
  used: number;
}

/** forgotten: the password was right, but the browser did not keep the cookie. */
export type Outcome = 'in' | 'unreachable' | 'forgotten' | Refusal;

export type Takeover = { ticket: string; session?: string };

/**
 * Asks to come in. The page goes on with the cookie, which no script can see
 * (SEC-17). The answer's token is used only to end a session whose cookie the
 * browser did not keep: each attempt would leave one more behind.
 */
export async function login(who: Credentials, takeover?: Takeover, send: typeof fetch = fetch): Promise<Outcome> {
  let response: Response;
  try {
    response = await send('login-token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json, application/problem+json' },
      credentials: 'same-origin',
      body: JSON.stringify({ username: who.username, password: who.password, ...(takeover && { takeover }) }),
    });
  } catch {
    return 'unreachable';
  }
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok) return refusal(response, answer);
  if (await recognised(send)) return 'in';
  await end(String(answer.token), send);
  return 'forgotten';
}

/** Reports whether the browser shows the cookie that the login has set. */
async function recognised(send: typeof fetch): Promise<boolean> {
  try {
    const response = await send('socket', { headers: { Accept: 'application/json' }, credentials: 'same-origin', cache: 'no-store' });
    if (response.status !== 401) return true;
    const { code } = (await response.json()) as { code?: unknown };
    return code !== 'unauthorized';
  } catch {
    return true; // the next page tells what is wrong
  }
}

/** Ends a session by its token. */
async function end(token: string, send: typeof fetch): Promise<void> {
  try {
    await send('logout', { method: 'POST', headers: { Authorization: `Bearer ${token}` }, credentials: 'omit' });
  } catch {
    // It ends with its token.
  }
}

function refusal(response: Response, problem: Record<string, unknown>): Refusal {
  const text = (value: unknown, otherwise = '') => (typeof value === 'string' ? value : otherwise);
  const amount = (value: unknown) => (typeof value === 'number' && value > 0 ? value : 0);
  return {
    // Something in between answered (a proxy's 502 page): no code of ours.
    code: text(problem.code, response.status >= 502 ? 'unreachable' : 'internal'),
    message: text(problem.message, text(problem.detail, text(problem.title))),
    retryAfter: amount(problem.retry_after) || amount(Number(response.headers.get('Retry-After'))),
    sessions: Array.isArray(problem.sessions) ? (problem.sessions as Standing[]) : [],
    ticket: text(problem.ticket),
    ticketExpiresAt: Date.parse(text(problem.ticket_expires_at)) || 0,
    cause: problem.cause === 'war_breaker' ? 'war_breaker' : 'policy',
    max: amount(problem.max),
    used: amount(problem.used),
  };
}
