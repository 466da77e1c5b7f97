import { describe, expect, test } from 'vitest';
import type { Report } from './entry';
import { LogBuffer } from './buffer';

const all = () => true;
const at = (ms: number, over: Partial<Report> = {}): Report => ({
  at: ms,
  kind: 'user.in',
  direction: 'received',
  fields: { name: `u${ms}` },
  ...over,
});

describe('LogBuffer', () => {
  test('keeps the newest and says how many it dropped', () => {
    const buffer = new LogBuffer();
    for (let i = 0; i < LogBuffer.size + 7; i++) buffer.push(at(i * 1000));
    const rows = buffer.select(all);
    expect(rows).toHaveLength(LogBuffer.size);
    expect(buffer.dropped).toBe(7);
    expect(rows[0]!.at).toBe(7000);
    expect(rows.at(-1)!.at).toBe((LogBuffer.size + 6) * 1000);
    buffer.clear();
    expect(buffer.select(all)).toHaveLength(0);
    expect(buffer.dropped).toBe(0);
  });

  test('ids go on after a clear, so that a paused view does not show old rows', () => {
    const buffer = new LogBuffer();
    buffer.push(at(1000));
    const next = buffer.next;
    buffer.clear();
    buffer.push(at(2000));
    expect(buffer.select(all)[0]!.id).toBe(next);
    expect(buffer.select(all, next)).toHaveLength(0);
  });

  test('folds equal neighbours, also after it has gone round', () => {
    const buffer = new LogBuffer();
    for (let i = 0; i < LogBuffer.size + 3; i++) buffer.push(at(i * 1000));
    const slots = (ms: number) => at(ms, { kind: 'slots', fields: { used: 1, max: 3 } });
    buffer.push(slots(9e6));
    buffer.push(slots(9e6 + 1));
    buffer.push(slots(9e6 + 2));
    const last = buffer.select(all).at(-1)!;
    expect(last.times).toBe(3);
    expect(last.at).toBe(9e6 + 2);
    buffer.push(at(9e6 + 3, { kind: 'slots', fields: { used: 2, max: 3 } }));
    expect(buffer.select(all).at(-1)!.times).toBe(1);
  });

  test('folds a crowd to one row a second after two busy seconds', () => {
    const buffer = new LogBuffer();
    for (let s = 0; s < 4; s++) {
      for (let i = 0; i < 30; i++) {
        const kind = i % 3 === 0 ? 'user.out' : 'user.in';
        buffer.push(at(s * 1000 + i * 10, { kind, fields: { name: `u${s}-${i}` } }));
      }
    }
    const rows = buffer.select(all);
    const folded = rows.filter((r) => r.kind === 'folded');
    expect(rows.filter((r) => r.kind !== 'folded')).toHaveLength(60);
    expect(folded).toHaveLength(2);
    expect(folded[0]!.fields).toEqual({ in: 20, out: 10 });
  });

  test('never folds own events, refusals and answers', () => {
    const buffer = new LogBuffer();
    const rush = (from: number) => {
      for (let i = 0; i < 30; i++) buffer.push(at(from + i, { fields: { name: `x${from + i}` } }));
    };
    rush(0);
    rush(1000);
    rush(2000);
    buffer.push(at(2100, { own: true, fields: { name: 'me' } }));
    buffer.push(at(2110, { kind: 'error', fields: { message: 'no' } }));
    buffer.push(at(2120, { kind: 'pong', fields: { dur: '1 ms' } }));
    expect(buffer.select(all).slice(-3).map((r) => r.kind)).toEqual(['user.in', 'error', 'pong']);
  });

  test('stops folding when the rush is over', () => {
    const buffer = new LogBuffer();
    for (let s = 0; s < 3; s++) for (let i = 0; i < 30; i++) buffer.push(at(s * 1000 + i, { fields: { name: `${s}-${i}` } }));
    buffer.push(at(3000));
    expect(buffer.select(all).at(-1)!.kind).toBe('folded');
    buffer.push(at(4000));
    expect(buffer.select(all).at(-1)!.kind).toBe('user.in');
  });
});
