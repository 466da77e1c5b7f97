import { describe, expect, test } from 'vitest';
import tr from '../../copy/tr.json';
import en from '../../copy/en.json';
import { groupOf, type Entry, type Group, type Report } from './entry';
import { passes, toggled } from './filter';
import { copied, line } from './line';
import { LogView } from './view.svelte';
import { rowsInView } from './window';

const entry = (report: Partial<Report> & Pick<Report, 'kind'>): Entry => ({
  id: 1,
  at: new Date(2026, 10, 23, 9, 9, 59).getTime(),
  direction: 'received',
  times: 1,
  group: groupOf(report.kind),
  ...report,
});

describe('line', () => {
  test('copies the form of the seed', () => {
    const json = '{"users":["user"],"count":1}';
    expect(copied('tr', tr, entry({ kind: 'online', fields: { json } }))).toBe(`[09:09:59] ÇEVRİMİÇİ KULLANICILAR: ${json}`);
    expect(copied('tr', tr, entry({ kind: 'online.count', fields: { n: 1 } }))).toBe(
      '[09:09:59] Çevrimiçi: 1 kullanıcı',
    );
    expect(copied('en', en, entry({ kind: 'online.count', fields: { n: 2 } }))).toBe('[09:09:59] Online: 2 users');
  });

  test('parts kind and payload, adds the note', () => {
    const slots = entry({ kind: 'slots', fields: { used: 2, max: 3 }, note: 'seq 43' });
    expect(line('tr', tr, slots)).toEqual({ time: '09:09:59', kind: 'Yer durumu', payload: '2 / 3 dolu · seq 43' });
    expect(line('en', en, entry({ kind: 'connect', note: 'websocket' }))).toMatchObject({ kind: 'Connected', payload: 'websocket' });
    expect(line('tr', tr, entry({ kind: 'event', fields: { name: 'seat_queue' }, note: '{}' }))).toMatchObject({ kind: 'seat_queue' });
  });

  test('a name with a colon stays in the payload', () => {
    expect(line('tr', tr, entry({ kind: 'response', fields: { name: 'a: b' } })).payload).toBe('a: b');
  });

  test('repetition is said', () => {
    expect(copied('tr', tr, { ...entry({ kind: 'ping', direction: 'sent' }), times: 12 })).toBe('[09:09:59] Ping gönderildi ×12');
  });
});

describe('filter', () => {
  const none = new Set<Group>();
  test('nothing chosen shows all but the own pings', () => {
    expect(passes(none, entry({ kind: 'slots' }))).toBe(true);
    expect(passes(none, entry({ kind: 'ping' }))).toBe(true);
    expect(passes(none, entry({ kind: 'ping', auto: true }))).toBe(false);
    expect(passes(new Set(['ping']), entry({ kind: 'ping', auto: true }))).toBe(true);
  });
  test('toggles', () => {
    const one = toggled(none, 'users');
    const two = toggled(one, 'seats');
    expect(passes(two, entry({ kind: 'slots' }))).toBe(true);
    expect(passes(two, entry({ kind: 'connect' }))).toBe(false);
    expect(toggled(one, 'users').size).toBe(0);
  });
});

describe('LogView', () => {
  const push = (view: LogView, name: string) => {
    view.push({ at: 0, kind: 'event', direction: 'received', fields: { name } });
    view.refresh();
  };
  test('stands still and counts what is new, filter included', () => {
    const view = new LogView(() => {});
    push(view, 'a');
    view.hold();
    push(view, 'b');
    push(view, 'c');
    expect(view.rows).toHaveLength(1);
    expect(view.unread).toBe(2);
    view.toggle('seats');
    expect(view.unread).toBe(0);
    view.all();
    view.follow();
    expect(view.rows).toHaveLength(3);
    expect(view.unread).toBe(0);
  });
  test('filters work on what came while hidden', () => {
    const view = new LogView(() => {});
    view.toggle('users');
    push(view, 'a');
    expect(view.rows).toHaveLength(0);
    view.all();
    expect(view.rows).toHaveLength(1);
  });
});

describe('rowsInView', () => {
  test.each([
    [0, 280, 28, 5000, { start: 0, end: 18 }],
    [28000, 280, 28, 5000, { start: 992, end: 1018 }],
    [0, 280, 28, 3, { start: 0, end: 3 }],
    [9e9, 280, 28, 3, { start: 3, end: 3 }],
  ])('at %i', (top, height, row, total, want) => {
    expect(rowsInView(top, height, row, total)).toEqual(want);
  });
});
