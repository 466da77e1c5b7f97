import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogView } from '../log/view.svelte';
import { Voice } from '../announce/announcer.svelte';
import { Commands } from './commands';
import { Live } from './live';
import { Store } from './store.svelte';
import { FakeWire } from './wire.fake';

const since = '2026-11-23T09:00:00.000Z';
const registered = {
  ok: true,
  username: 'me',
  sid: 'socket-1',
  user: { username: 'me', role: 'user', pool: 'default' },
  expires_at: '2026-11-24T09:00:00.000Z',
  grace_ms: 15_000,
};
const slots = { pool: 'default', max: 3, used: 1, available: 2, epoch: 'e', seq: 5 };
const sync = (seq: number, names = ['me']) => ({
  epoch: 'e',
  seq,
  users: names.map((username) => ({ username, state: 'online', since, connections: 1 })),
  count: names.length,
});
const status = (seq: number, username: string, state = 'online') => ({ username, status: state, since, count: 2, epoch: 'e', seq });
const end = (code: string, reason = '') => ({ code, reason, message: 'm', at: since, reconnect: false });

const listeners = new Map<string, () => void>();
/** The browser tells the window something. */
const happens = (name: string) => listeners.get(name)!();

let fake: FakeWire;
let live: Live;
let store: Store;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {}, removeEventListener: () => {} });
  listeners.clear();
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) => listeners.set(name, listener));
  vi.stubGlobal('removeEventListener', () => {});
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16));
  vi.stubGlobal('cancelAnimationFrame', (id: ReturnType<typeof setTimeout>) => clearTimeout(id));
  vi.stubGlobal('BroadcastChannel', undefined);
  fake = new FakeWire();
  store = new Store();
  live = new Live(store, new LogView(() => live?.want()), new Voice(), fake.wire);
  live.start();
});
afterEach(() => {
  live.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function comeIn(): void {
  fake.open();
  fake.last('register_user').answer(registered);
  fake.event('connection_slots', slots);
  fake.event('presence_sync', sync(5));
  vi.advanceTimersByTime(200);
}

describe('coming in', () => {
  test('registers under the cookie and shows who is inside', () => {
    expect(store.status).toBe('connecting');
    comeIn();
    expect(fake.last('register_user').payload).toEqual({});
    expect(store.status).toBe('online');
    expect(store.inside.faces.map((f) => f.name)).toEqual(['me']);
    expect(store.inside.visibility).toBe('names');
    fake.event('user_status', status(6, 'ayşe'));
    vi.advanceTimersByTime(200);
    expect(store.inside.faces.map((f) => f.name)).toEqual(['me', 'ayşe']);
  });

  test('a list without oneself is a pool that hides its names [P5]', () => {
    fake.open();
    fake.last('register_user').answer(registered);
    fake.event('connection_slots', slots);
    fake.event('presence_sync', { ...sync(5, []), count: 1 });
    vi.advanceTimersByTime(200);
    expect(store.inside.visibility).toBe('count');
    expect(store.inside.more).toBe(1);
  });

  test('a gap asks for a sync, once a second [P3]', () => {
    comeIn();
    fake.event('user_status', status(9, 'x'));
    fake.event('user_status', status(10, 'y'));
    expect(fake.sent.filter((s) => s.name === 'presence_sync')).toHaveLength(1);
    expect(fake.last('presence_sync').payload).toEqual({ epoch: 'e', seq: 5 });
  });

  const turnAway = () => {
    fake.open();
    fake.last('register_user').answer({ ok: false, code: 'seat_limit', message: '', max: 3, used: 3, retry_after: 12 });
  };
  const registrations = () => fake.sent.filter((s) => s.name === 'register_user').length;

  test('in front of a full pool the page hears of a free seat, and takes it by a click only [S9]', () => {
    turnAway();
    fake.last('connection_slots').answer({ ...slots, used: 3, available: 0 });
    expect(store.stop).toMatchObject({ kind: 'refused', failure: { code: 'seat_limit', max: 3, used: 3 } });
    fake.event('connection_slots', { ...slots, used: 2, available: 1, seq: 6 });
    expect(store.stop).toMatchObject({ kind: 'refused', failure: { used: 2 } });
    vi.advanceTimersByTime(60_000);
    expect(registrations()).toBe(1);
    live.again();
    expect(registrations()).toBe(2);
    comeIn();
    expect(store.stop).toBeNull();
  });

  test('that the wait was cut or the transport lost is no news: it goes on by itself [S9]', () => {
    turnAway();
    for (const cut of [
      () => (fake.event('connection_ended', end('register_timeout')), (fake.connected = false), fake.fire('disconnect', 'io server disconnect')),
      () => fake.lose(),
    ]) {
      const [attempts, asked] = [fake.attempts, fake.sent.length];
      cut();
      vi.advanceTimersByTime(2000);
      expect(fake.attempts).toBe(attempts + 1);
      fake.open();
      expect(fake.sent.slice(asked).map((s) => s.name)).toEqual(['connection_slots']);
      expect(store.stop).toMatchObject({ kind: 'refused' });
    }
    fake.lose();
    live.again();
    fake.open();
    expect(registrations()).toBe(2);
  });

  test('any other refusal waits for the click', () => {
    fake.open();
    fake.last('register_user').answer({ ok: false, code: 'store_unavailable', message: '' });
    fake.lose();
    vi.advanceTimersByTime(60_000);
    expect(fake.attempts).toBe(1);
    expect(store.stop).toMatchObject({ kind: 'refused' });
  });
});

describe('losing the transport [UI-4]', () => {
  test('comes back by itself, into the same seat', () => {
    comeIn();
    fake.lose();
    expect(store.status).toBe('reconnecting');
    expect(store.phase).toBe('calm');
    vi.advanceTimersByTime(4000);
    expect(fake.attempts).toBe(2);
    expect(store.phase).toBe('stale');
    fake.event('user_status', status(6, 'x'));
    fake.open();
    fake.last('register_user').answer(registered);
    fake.event('presence_sync', sync(7));
    expect(store.status).toBe('online');
    expect(store.reconnects).toBe(1);
    expect(store.backAt).toBeGreaterThan(0);
  });

  test('after the grace a notice says when the next attempt is', () => {
    comeIn();
    fake.lose();
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(1000);
      if (fake.attempts > 1 && i % 3 === 0) fake.fire('connect_error', new Error('x'));
    }
    expect(store.phase).toBe('long');
    expect(store.nextAttemptAt).toBeGreaterThan(0);
  });

  test('a server that restarts is away after a minute', () => {
    comeIn();
    fake.lose(4100);
    expect(store.lossCode).toBe(4100);
    vi.advanceTimersByTime(58_000);
    expect([store.draining, store.away]).toEqual([true, false]);
    vi.advanceTimersByTime(3000);
    expect([store.draining, store.away]).toEqual([false, true]);
    expect(fake.attempts).toBeGreaterThan(1);
  });

  test('when the browser says that the network is gone the page looks at once', () => {
    comeIn();
    const at = Date.now();
    happens('offline');
    expect(fake.last('ping_manual')).toBeDefined();
    vi.advanceTimersByTime(2000);
    expect(store.status).toBe('reconnecting');
    expect(store.lostAt).toBe(at);
    happens('online');
    expect(fake.attempts).toBe(2);
  });

  test('a transport that answers is not lost, whatever the browser says', () => {
    comeIn();
    happens('offline');
    vi.advanceTimersByTime(100);
    fake.event('user_status', status(6, 'x'));
    vi.advanceTimersByTime(5000);
    expect(store.status).toBe('online');
  });

  test('a page that was asleep looks again before it calls the transport lost', () => {
    comeIn();
    happens('offline');
    vi.setSystemTime(Date.now() + 60_000); // suspended
    vi.advanceTimersByTime(2000);
    expect(store.status).toBe('online');
    vi.advanceTimersByTime(2000);
    expect(store.status).toBe('reconnecting');
  });

  test('a ping without an answer is a loss as of the ping', async () => {
    comeIn();
    const commands = new Commands(live);
    commands.start();
    const at = Date.now() + 1000;
    await vi.advanceTimersByTimeAsync(6000);
    commands.stop();
    expect(store.status).toBe('reconnecting');
    expect(store.lostAt).toBe(at);
  });

  test('leaving is not losing: nothing is tried', () => {
    comeIn();
    live.link.leave();
    expect(store.status).toBe('offline');
    vi.advanceTimersByTime(60_000);
    expect(fake.attempts).toBe(1);
  });
});

describe('the end [UI-5]', () => {
  test.each(['replaced', 'ended_by_admin', 'expired', 'logged_out', 'password_changed'])('%s stops everything', (code) => {
    comeIn();
    fake.event('session_ended', end(code, 'why'));
    fake.fire('disconnect', 'io server disconnect');
    expect(store.status).toBe('ended');
    expect(store.stop).toMatchObject({ kind: 'end', end: { code, reason: 'why' } });
    expect(store.inside.faces).toEqual([]);
    expect(live.roster.faces.size).toBe(0);
    const before = [fake.attempts, fake.sent.length];
    vi.advanceTimersByTime(600_000);
    expect([fake.attempts, fake.sent.length]).toEqual(before);
  });

  test('a final connect_error is an end; any other is not', () => {
    comeIn();
    fake.lose();
    fake.fire('connect_error', new Error('xhr poll error'));
    expect(store.stop).toBeNull();
    fake.fire('connect_error', Object.assign(new Error('x'), { data: { code: 'expired', retry: false, at: since } }));
    expect(store.stop).toMatchObject({ kind: 'end', end: { code: 'expired' } });
    const before = fake.attempts;
    vi.advanceTimersByTime(60_000);
    expect(fake.attempts).toBe(before);
  });

  test('losing to another tab keeps the session: a click takes it back [S1]', () => {
    comeIn();
    fake.event('connection_ended', end('connection_replaced'));
    expect(store.status).toBe('offline');
    live.again();
    expect(store.stop).toBeNull();
    expect(fake.attempts).toBe(2);
    comeIn();
    expect(store.status).toBe('online');
  });

  test('while we log out ourselves nothing is shown', () => {
    comeIn();
    store.leaving = true;
    fake.event('session_ended', end('logged_out'));
    expect(store.stop).toBeNull();
  });
});

describe('sibling tabs [UI-5]', () => {
  class Channel {
    static all: Channel[] = [];
    hear: ((event: unknown) => void) | null = null;
    constructor() {
      Channel.all.push(this);
    }
    addEventListener(_: string, hear: (event: unknown) => void) {
      this.hear = hear;
    }
    postMessage(data: unknown) {
      for (const other of Channel.all) if (other !== this) other.hear?.({ data });
    }
    close() {
      Channel.all = Channel.all.filter((other) => other !== this);
    }
  }
  const open = () => {
    const wire = new FakeWire();
    const tab = new Store();
    const page: Live = new Live(tab, new LogView(() => page?.want()), new Voice(), wire.wire);
    page.start();
    wire.open();
    return { wire, tab, page };
  };
  beforeEach(() => {
    Channel.all = [];
    vi.stubGlobal('BroadcastChannel', Channel);
  });

  test('an end of the session is told, an end of the connection is not', () => {
    const a = open();
    const b = open();
    for (const { wire } of [a, b]) wire.last('register_user').answer(registered);
    a.wire.event('connection_ended', end('connection_replaced'));
    expect(b.tab.stop).toBeNull();
    b.wire.event('session_ended', end('ended_by_admin'));
    expect(a.tab.stop).toMatchObject({ end: { code: 'ended_by_admin' } });
    a.page.close();
    b.page.close();
  });

  test('who waits at another tab hears that we logged out', () => {
    const a = open();
    const b = open();
    for (const { wire } of [a, b]) wire.last('register_user').answer(registered);
    a.wire.event('connection_ended', end('connection_replaced'));
    b.tab.leaving = true;
    b.page.departed();
    expect(a.tab.stop).toMatchObject({ end: { code: 'logged_out' } });
    expect(b.tab.stop).toBeNull();
    a.page.close();
    b.page.close();
  });

  test('another session of the same user is not ended by it', () => {
    const a = open();
    const b = open();
    a.wire.last('register_user').answer(registered);
    b.wire.last('register_user').answer({ ...registered, expires_at: '2026-11-25T09:00:00.000Z' });
    a.wire.event('session_ended', end('replaced'));
    expect(b.tab.stop).toBeNull();
    a.page.close();
    b.page.close();
  });
});
