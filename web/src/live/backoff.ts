/**
 * How long to wait before attempt n (from 1): doubling from half a second to
 * five, spread by half to both sides, so that a server that comes back is not
 * met by everybody at once.
 */
export function delay(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(5000, 500 * 2 ** (attempt - 1));
  return Math.round(base * (0.5 + random()));
}
