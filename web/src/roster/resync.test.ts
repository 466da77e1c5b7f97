import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Resync } from './resync';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('at most one request a second, and none is forgotten [P3]', () => {
  let sent = 0;
  const resync = new Resync(() => sent++);
  resync.want();
  resync.want();
  resync.want();
  expect(sent).toBe(1);
  vi.advanceTimersByTime(999);
  expect(sent).toBe(1);
  vi.advanceTimersByTime(1);
  expect(sent).toBe(2);
  vi.advanceTimersByTime(5000);
  expect(sent).toBe(2);
  resync.want();
  resync.want();
  resync.stop();
  vi.advanceTimersByTime(5000);
  expect(sent).toBe(3);
});
