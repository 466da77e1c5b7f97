import type { Key } from '../copy/key';
import type { Arm } from '../ui/Mark.svelte';

/** What a button of a notice does. */
export type Act = 'again' | 'other' | 'reload' | 'here' | 'enter' | 'reconnect' | 'retry' | 'now' | 'logout';

export const actText: Record<Act, Key> = {
  again: 'btn.again',
  other: 'btn.other',
  reload: 'btn.retry',
  here: 'btn.here',
  enter: 'btn.enter',
  reconnect: 'cmd.reconnect',
  retry: 'btn.retry',
  now: 'btn.now',
  logout: 'btn.logout',
};

/** How an end is told: what happened, why, what now. */
export interface Telling {
  arm: Arm;
  title: Key;
  body: Key;
  now?: Key;
  /** The primary first. */
  acts: readonly Act[];
}

const over = (code: string, acts: readonly Act[] = ['again']): Telling => ({
  arm: 'ended',
  title: `end.${code}.t` as Key,
  body: `end.${code}.b` as Key,
  acts,
});

/** One notice for each code that can end a session or a connection. */
export const tellings: Record<string, Telling> = {
  replaced: { ...over('replaced'), now: 'end.replaced.now' },
  ended_by_admin: over('ended_by_admin'),
  password_changed: over('password_changed'),
  expired: over('expired'),
  // The server does not say how long the idle time is, so neither do we.
  idle: { ...over('idle'), body: 'end.idle.b.plain' },
  account_disabled: over('account_disabled', ['other']),
  role_changed: over('role_changed'),
  logged_out: over('logged_out'),
  invalid_token: over('invalid_token'),
  rotated: { ...over('rotated', ['reload']), arm: 'open' },
  connection_replaced: { arm: 'open', title: 'end.replaced.tab.t', body: 'end.replaced.tab.b', acts: ['here', 'logout'] },
  register_timeout: { ...over('register_timeout', ['reconnect', 'logout']), arm: 'wait' },
  rate_limited: { arm: 'wait', title: 'end.tabs.t', body: 'end.tabs.b', acts: ['here', 'logout'] },
  seat_lost: { ...over('seat_lost', ['enter', 'logout']), arm: 'wait' },
  seat_limit: { arm: 'wait', title: 'full.t', body: 'queue.missed', acts: ['retry', 'logout'] },
};
