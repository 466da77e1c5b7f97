/** The one word for the state of this page; pill, card and title read it. */
export type Status = 'connecting' | 'online' | 'reconnecting' | 'offline' | 'ended';

/** How long a transport has been gone, in what it means for the page (UI-4). */
export type Phase =
  /** There, or gone for less than three seconds: only the pill changes. */
  | 'calm'
  /** What is shown is not live any more and says so. */
  | 'stale'
  /** The grace is over: a notice takes the page. */
  | 'long';

export function phaseOf(status: Status, lostAt: number | null, now: number, grace: number): Phase {
  if (status === 'offline') return 'stale';
  if (status !== 'reconnecting' || lostAt === null) return 'calm';
  const gone = now - lostAt;
  if (gone >= grace) return 'long';
  return gone >= 3000 ? 'stale' : 'calm';
}
