import { describe, expect, test } from 'vitest';
import type { Face } from '../roster/roster';
import { bar, formFor, picture } from './picture';
import { Places } from './places';

const slots = (max: number, used: number) => ({ pool: 'p', max, used, available: Math.max(0, max - used), epoch: 'e', seq: 1 });
const face = (name: string, state: Face['state'] = 'online'): Face => ({ name, folded: name, state, since: 0, connections: 1 });

describe('Places [UI-1]', () => {
  test('a user keeps its place, a newcomer takes the first free one', () => {
    const places = new Places();
    expect(places.seat(['a', 'b'], 3)).toEqual(['a', 'b', null]);
    expect(places.seat(['b'], 3)).toEqual([null, 'b', null]);
    expect(places.seat(['b', 'c', 'd'], 3)).toEqual(['c', 'b', 'd']);
    expect(places.seat(['d', 'c', 'b'], 3)).toEqual(['c', 'b', 'd']);
  });
  test('a lowered limit moves those beyond it into free places and drops nobody', () => {
    const places = new Places();
    places.seat(['a', 'b', 'c', 'd'], 4);
    expect(places.seat(['b', 'c', 'd'], 2)).toEqual(['d', 'b', 'c']);
    expect(places.seat(['d'], 2)).toEqual(['d', null]);
  });
  test('a raised limit adds free places', () => {
    const places = new Places();
    places.seat(['a'], 1);
    expect(places.seat(['a'], 3)).toEqual(['a', null, null]);
  });
});

describe('formFor [UI-1]', () => {
  test.each([
    [1, false, 'names', 'tiles'],
    [12, true, 'names', 'tiles'],
    [13, false, 'names', 'dots'],
    [200, true, 'names', 'dots'],
    [201, true, 'names', 'bar'],
    [400, false, 'names', 'dots'],
    [401, false, 'names', 'bar'],
    [3, false, 'count', 'dots'],
    [3, false, 'none', 'line'],
  ] as const)('%i seats, narrow %s, %s', (n, narrow, visibility, want) => {
    expect(formFor(n, narrow, visibility)).toBe(want);
  });
});

describe('picture [UI-1]', () => {
  test('the count wins over the faces', () => {
    const few = picture(slots(3, 3), [face('me'), face('a', 'reconnecting')], 'me', false, 'names');
    expect(few).toMatchObject({ you: 1, reconnecting: 1, held: 1, unnamed: 1, free: 0, over: 0 });
    const many = picture(slots(3, 1), [face('me'), face('a')], 'me', false, 'names');
    expect(many).toMatchObject({ you: 1, held: 0, unnamed: 0, free: 2 });
  });
  test('over capacity [S8]', () => {
    expect(picture(slots(2, 5), [], null, false, 'names')).toMatchObject({ over: 3, free: 0, held: 5, unnamed: 5 });
  });
  test('nobody sees himself as an administrator', () => {
    expect(picture(slots(3, 1), [face('a')], 'admin', false, 'names').you).toBe(0);
  });
});

describe('bar', () => {
  test('a part above zero is at least two pixels, the whole never more than the width', () => {
    const p = picture(slots(10000, 10000), [face('a', 'reconnecting')], null, false, 'names');
    const parts = bar(p, 800);
    expect(parts.reconnecting).toBe(2);
    expect(parts.held + parts.reconnecting).toBeLessThanOrEqual(800);
  });
  test('the limit line moves in when over capacity', () => {
    expect(bar(picture(slots(500, 1000), [], null, false, 'names'), 800).limit).toBe(400);
  });
});
