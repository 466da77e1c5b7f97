import { describe, expect, test } from 'vitest';
import { Book } from './book';
import { foldName } from './fold';
import type { Status, Sync } from './wire';

const t0 = '2026-11-23T09:00:00.000Z';
const t1 = '2026-11-23T09:05:00.000Z';

const sync = (seq: number, names: string[], epoch = 'e1'): Sync => ({
  epoch,
  seq,
  users: names.map((username) => ({ username, state: 'online', since: t0, connections: 1 })),
  count: names.length,
});
const status = (seq: number, username: string, state: Status['status'], epoch = 'e1'): Status => ({
  username,
  status: state,
  since: t1,
  count: 1,
  epoch,
  seq,
});
const names = (book: Book) => [...book.faces.keys()];

describe('Book [P3]', () => {
  test('deltas in order', () => {
    const book = new Book();
    book.sync(sync(4, ['a']));
    expect(book.status(status(5, 'b', 'online'))).toEqual({ change: 'in' });
    expect(book.status(status(6, 'a', 'reconnecting'))).toEqual({ change: 'rec' });
    expect(book.faces.get('a')).toMatchObject({ state: 'reconnecting', since: Date.parse(t1) });
    expect(book.status(status(7, 'a', 'online'))).toEqual({ change: 'back' });
    expect(names(book)).toEqual(['a', 'b']);
    expect(book.status(status(8, 'a', 'offline'))).toEqual({ change: 'out' });
    expect(names(book)).toEqual(['b']);
  });

  test('a delta before any sync is a gap', () => {
    expect(new Book().status(status(1, 'a', 'online'))).toHaveProperty('missing');
  });

  test('a gap changes nothing until a sync', () => {
    const book = new Book();
    book.sync(sync(4, ['a']));
    expect(book.status(status(7, 'b', 'online'))).toEqual({ missing: [5, 6] });
    expect(book.status(status(5, 'c', 'online'))).toHaveProperty('missing');
    expect(names(book)).toEqual(['a']);
    expect(book.sync(sync(8, ['b', 'c']))).toBe(true);
    expect(book.status(status(9, 'd', 'online'))).toEqual({ change: 'in' });
  });

  test('old deltas are ignored', () => {
    const book = new Book();
    book.sync(sync(4, ['a']));
    expect(book.status(status(4, 'a', 'offline'))).toBe('old');
    expect(names(book)).toEqual(['a']);
  });

  test('another epoch is a gap; its sync replaces, whatever its seq', () => {
    const book = new Book();
    book.sync(sync(40, ['a']));
    expect(book.status(status(41, 'b', 'online', 'e2'))).toHaveProperty('missing');
    expect(book.sync(sync(1, ['b'], 'e2'))).toBe(true);
    expect(names(book)).toEqual(['b']);
  });

  test('an older sync is ignored, an equal one replaces', () => {
    const book = new Book();
    book.sync(sync(4, ['a']));
    expect(book.sync(sync(3, ['x']))).toBe(false);
    expect(book.sync(sync(4, ['b']))).toBe(true);
    expect(names(book)).toEqual(['b']);
  });

  test('occupancy: older ignored, equal replaces, seq moves nothing else', () => {
    const book = new Book();
    const slots = (seq: number, used: number) => ({ pool: 'p', max: 3, used, available: 3 - used, epoch: 'e1', seq });
    book.sync(sync(4, ['a']));
    expect(book.occupancy(slots(5, 2))).toBe(true);
    expect(book.occupancy(slots(4, 1))).toBe(false);
    expect(book.occupancy(slots(5, 3))).toBe(true);
    expect(book.slots?.used).toBe(3);
    expect(book.status(status(5, 'b', 'online'))).toEqual({ change: 'in' });
  });

  test('forgets everybody [UI-5]', () => {
    const book = new Book();
    book.sync(sync(4, ['a']));
    book.clear();
    expect(names(book)).toEqual([]);
    expect(book.position).toEqual({ epoch: '', seq: 0 });
  });
});

describe('foldName', () => {
  test.each([
    ['IŞIK', 'ışık'],
    ['İnci', 'inci'],
    ['IVAN', 'ivan'],
    ['ÇAĞLA', 'çağla'],
  ])('%s meets %s', (a, b) => {
    expect(foldName(a)).toBe(foldName(b));
  });
});
