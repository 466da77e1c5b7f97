import { known, left, t } from '../copy/text.svelte';
import type { Key } from '../copy/key';
import type { Refusal } from './request';

/** What the form says above its fields; functions, so that it changes language. */
export interface Message {
  code: string;
  tone: 'bad' | 'warn' | 'good';
  title?: () => string;
  text: () => string;
  /** Epoch milliseconds at which it has become untrue; 0 for never. */
  until: number;
}

export const loggedOut = (): Message => ({ code: 'logged_out', tone: 'good', text: () => t('login.done.out'), until: 0 });

export const unreachable = (): Message => ({
  code: 'network',
  tone: 'warn',
  title: () => t('err.network.t'),
  text: () => t('err.network.b'),
  until: 0,
});

/** The browser does not keep the session's cookie. */
export const forgotten = (): Message => ({
  code: 'no_cookie',
  tone: 'warn',
  title: () => t('err.no_cookie.t'),
  text: () => t(isSecureContext ? 'err.no_cookie.b' : 'err.no_cookie.http'),
  until: 0,
});

export const expired = (): Message => ({ code: 'takeover_expired', tone: 'warn', text: () => t('ask.expired'), until: 0 });

/**
 * The form's words for a refusal. Only these appear beside a password field; a
 * full house and an account in use have pages of their own (UI-3).
 */
export function refused(refusal: Refusal, now: () => number): Message {
  const { code } = refusal;
  if (code === 'unreachable') return unreachable();
  // A server that names no time is asked again in a few seconds.
  const waits = code === 'rate_limited' || code === 'store_unavailable' || code === 'login_busy';
  const until = waits ? now() + (refusal.retryAfter || 5) * 1000 : 0;
  const fields = () => ({ dur: left(until - now()), id: '—' });
  const tone = code === 'invalid_credentials' ? 'bad' : 'warn';
  const [title, body, plain] = [`err.${code}.t`, `err.${code}.b`, `err.${code}`];
  if (known(title) && known(body)) {
    return { code, tone, title: () => t(title), text: () => t(body as Key, fields()), until };
  }
  if (known(plain)) return { code, tone, text: () => t(plain), until };
  return { code, tone, text: () => t('err.unknown', { message: refusal.message || t('err.internal.t'), code }), until };
}
