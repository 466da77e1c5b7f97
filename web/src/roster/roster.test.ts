import { describe, expect, test } from 'vitest';
import { Roster } from './roster';
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
const names = (roster: Roster) => [...roster.faces.keys()];

describe('Roster [P3]', () => {
  test('deltas in order', () => {
    const roster = new Roster();
    roster.sync(sync(4, ['a']));
    expect(roster.status(status(5, 'b', 'online'))).toEqual({ change: 'in' });
    expect(roster.status(status(6, 'a', 'reconnecting'))).toEqual({ change: 'rec' });
    expect(roster.faces.get('a')).toMatchObject({ state: 'reconnecting', since: Date.parse(t1) });
    expect(roster.status(status(7, 'a', 'online'))).toEqual({ change: 'back' });
    expect(names(roster)).toEqual(['a', 'b']);
    expect(roster.status(status(8, 'a', 'offline'))).toEqual({ change: 'out' });
    expect(names(roster)).toEqual(['b']);
  });

  test('a delta before any sync is a gap', () => {
    expect(new Roster().status(status(1, 'a', 'online'))).toHaveProperty('missing');
  });

  test('a gap changes nothing until a sync', () => {
    const roster = new Roster();
    roster.sync(sync(4, ['a']));
    expect(roster.status(status(7, 'b', 'online'))).toEqual({ missing: [5, 6] });
    expect(roster.status(status(5, 'c', 'online'))).toHaveProperty('missing');
    expect(names(roster)).toEqual(['a']);
    expect(roster.sync(sync(8, ['b', 'c']))).toBe(true);
    expect(roster.status(status(9, 'd', 'online'))).toEqual({ change: 'in' });
  });

  test('old deltas are ignored', () => {
    const roster = new Roster();
    roster.sync(sync(4, ['a']));
    expect(roster.status(status(4, 'a', 'offline'))).toBe('old');
    expect(names(roster)).toEqual(['a']);
  });

  test('another epoch is a gap; its sync replaces, whatever its seq', () => {
    const roster = new Roster();
    roster.sync(sync(40, ['a']));
    expect(roster.status(status(41, 'b', 'online', 'e2'))).toHaveProperty('missing');
    expect(roster.sync(sync(1, ['b'], 'e2'))).toBe(true);
    expect(names(roster)).toEqual(['b']);
  });

  test('an older sync is ignored, an equal one replaces', () => {
    const roster = new Roster();
    roster.sync(sync(4, ['a']));
    expect(roster.sync(sync(3, ['x']))).toBe(false);
    expect(roster.sync(sync(4, ['b']))).toBe(true);
    expect(names(roster)).toEqual(['b']);
  });

  test('occupancy: older ignored, equal replaces, seq moves nothing else', () => {
    const roster = new Roster();
    const slots = (seq: number, used: number) => ({ pool: 'p', max: 3, used, available: 3 - used, epoch: 'e1', seq });
    roster.sync(sync(4, ['a']));
    expect(roster.occupancy(slots(5, 2))).toBe(true);
    expect(roster.occupancy(slots(4, 1))).toBe(false);
    expect(roster.occupancy(slots(5, 3))).toBe(true);
    expect(roster.slots?.used).toBe(3);
    expect(roster.status(status(5, 'b', 'online'))).toEqual({ change: 'in' });
  });

  test('forgets everybody [UI-5]', () => {
    const roster = new Roster();
    roster.sync(sync(4, ['a']));
    roster.clear();
    expect(names(roster)).toEqual([]);
    expect(roster.position).toEqual({ epoch: '', seq: 0 });
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
