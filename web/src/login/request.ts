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

export type Outcome = 'in' | 'unreachable' | Refusal;

export type Takeover = { ticket: string; session?: string };

/**
 * Asks to come in. The answer's token is not read: the page goes on with the
 * cookie, which no script can see (SEC-17).
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
  if (response.ok) return 'in';
  return refusal(response, await response.json().catch(() => ({})));
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
