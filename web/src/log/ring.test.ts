import { describe, expect, test } from 'vitest';
import type { Report } from './entry';
import { Ring } from './ring';

const all = () => true;
const at = (ms: number, over: Partial<Report> = {}): Report => ({
  at: ms,
  kind: 'user.in',
  direction: 'received',
  fields: { name: `u${ms}` },
  ...over,
});

describe('Ring', () => {
  test('keeps the newest and says how many it dropped', () => {
    const ring = new Ring();
    for (let i = 0; i < Ring.size + 7; i++) ring.push(at(i * 1000));
    const rows = ring.select(all);
    expect(rows).toHaveLength(Ring.size);
    expect(ring.dropped).toBe(7);
    expect(rows[0]!.at).toBe(7000);
    expect(rows.at(-1)!.at).toBe((Ring.size + 6) * 1000);
    ring.clear();
    expect(ring.select(all)).toHaveLength(0);
    expect(ring.dropped).toBe(0);
  });

  test('ids go on after a clear, so that a paused view does not show old rows', () => {
    const ring = new Ring();
    ring.push(at(1000));
    const next = ring.next;
    ring.clear();
    ring.push(at(2000));
    expect(ring.select(all)[0]!.id).toBe(next);
    expect(ring.select(all, next)).toHaveLength(0);
  });

  test('folds equal neighbours, also after it has gone round', () => {
    const ring = new Ring();
    for (let i = 0; i < Ring.size + 3; i++) ring.push(at(i * 1000));
    const slots = (ms: number) => at(ms, { kind: 'slots', fields: { used: 1, max: 3 } });
    ring.push(slots(9e6));
    ring.push(slots(9e6 + 1));
    ring.push(slots(9e6 + 2));
    const last = ring.select(all).at(-1)!;
    expect(last.times).toBe(3);
    expect(last.at).toBe(9e6 + 2);
    ring.push(at(9e6 + 3, { kind: 'slots', fields: { used: 2, max: 3 } }));
    expect(ring.select(all).at(-1)!.times).toBe(1);
  });

  test('folds a crowd to one row a second after two busy seconds', () => {
    const ring = new Ring();
    for (let s = 0; s < 4; s++) {
      for (let i = 0; i < 30; i++) {
        const kind = i % 3 === 0 ? 'user.out' : 'user.in';
        ring.push(at(s * 1000 + i * 10, { kind, fields: { name: `u${s}-${i}` } }));
      }
    }
    const rows = ring.select(all);
    const folded = rows.filter((r) => r.kind === 'folded');
    expect(rows.filter((r) => r.kind !== 'folded')).toHaveLength(60);
    expect(folded).toHaveLength(2);
    expect(folded[0]!.fields).toEqual({ in: 20, out: 10 });
  });

  test('never folds own events, refusals and answers', () => {
    const ring = new Ring();
    const rush = (from: number) => {
      for (let i = 0; i < 30; i++) ring.push(at(from + i, { fields: { name: `x${from + i}` } }));
    };
    rush(0);
    rush(1000);
    rush(2000);
    ring.push(at(2100, { own: true, fields: { name: 'me' } }));
    ring.push(at(2110, { kind: 'error', fields: { message: 'no' } }));
    ring.push(at(2120, { kind: 'pong', fields: { dur: '1 ms' } }));
    expect(ring.select(all).slice(-3).map((r) => r.kind)).toEqual(['user.in', 'error', 'pong']);
  });

  test('stops folding when the rush is over', () => {
    const ring = new Ring();
    for (let s = 0; s < 3; s++) for (let i = 0; i < 30; i++) ring.push(at(s * 1000 + i, { fields: { name: `${s}-${i}` } }));
    ring.push(at(3000));
    expect(ring.select(all).at(-1)!.kind).toBe('folded');
    ring.push(at(4000));
    expect(ring.select(all).at(-1)!.kind).toBe('user.in');
  });
});
