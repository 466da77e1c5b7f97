import { expect, test } from 'vitest';
import { delay } from './backoff';

test('doubles to five seconds, spread by half', () => {
  expect([1, 2, 3, 4, 5, 50].map((n) => delay(n, () => 0.5))).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  expect(delay(1, () => 0)).toBe(250);
  expect(delay(9, () => 1)).toBe(7500);
});
