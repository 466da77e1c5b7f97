import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogView } from '../log/view.svelte';
import { Voice } from '../say/announcer.svelte';
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

let fake: FakeWire;
let live: Live;
let store: Store;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: false, addEventListener: () => {}, removeEventListener: () => {} });
  vi.stubGlobal('addEventListener', () => {});
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

  test('a full house is a page of its own, and the wait that ends is no news [S9]', () => {
    fake.open();
    fake.last('register_user').answer({ ok: false, code: 'seat_limit', message: '', max: 3, used: 3, retry_after: 12 });
    expect(store.stop).toMatchObject({ kind: 'refused', failure: { code: 'seat_limit' } });
    fake.event('connection_ended', end('register_timeout'));
    fake.lose();
    expect(store.stop).toMatchObject({ kind: 'refused' });
    const before = fake.attempts;
    vi.advanceTimersByTime(60_000);
    expect(fake.attempts).toBe(before);
    live.again();
    expect(fake.attempts).toBe(before + 1);
    comeIn();
    expect(store.stop).toBeNull();
  });

  test('a full house whose transport is lost waits for the click as well', () => {
    fake.open();
    fake.last('register_user').answer({ ok: false, code: 'seat_limit', message: '', max: 3, used: 3, retry_after: 12 });
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

  test('the close code of a drain is known', () => {
    comeIn();
    fake.lose(4100);
    expect(store.lossCode).toBe(4100);
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
    expect(live.book.faces.size).toBe(0);
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
