import { expect, test } from 'vitest';
import { phaseOf } from './status';

test.each([
  ['online', null, 0, 'calm'],
  ['reconnecting', 0, 2999, 'calm'],
  ['reconnecting', 0, 3000, 'stale'],
  ['reconnecting', 0, 14_999, 'stale'],
  ['reconnecting', 0, 15_000, 'long'],
  ['offline', null, 0, 'stale'],
  ['ended', 0, 99_000, 'calm'],
] as const)('%s since %s at %i is %s [UI-4]', (status, lostAt, now, want) => {
  expect(phaseOf(status, lostAt, now, 15_000)).toBe(want);
});
