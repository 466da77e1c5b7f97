import type { Face } from '../roster/roster';
import type { Slots } from '../roster/wire';
import type { Visibility } from '../seat/picture';
import { comeBack, type End, type Failure, type Self } from './protocol';
import { phaseOf, type Phase, type Status } from './status';
import { Clock } from './clock.svelte';

/** What has taken the place of the console. */
export type Stop =
  /** The session or the connection is over. */
  | { kind: 'end'; end: End; at: number; session: string }
  /** The registration was refused; the session lives. */
  | { kind: 'refused'; failure: Failure; at: number; session: string };

/** How long a server may take to restart before it counts as away, in milliseconds. */
const restartTime = 60_000;

/** Who is inside, as it is drawn: replaced as a whole, once per frame. */
export interface Inside {
  slots: Slots | null;
  /** The viewer first, then by arrival. */
  faces: readonly Face[];
  /** Users the server counts but does not name. */
  more: number;
  visibility: Visibility;
  /** Too much changes at once for anything to move (UI-2). */
  hurried: boolean;
  /** The roster has been filled since the page connected. */
  known: boolean;
}

export const nobody: Inside = { slots: null, faces: [], more: 0, visibility: 'names', hurried: true, known: false };

/**
 * The one state of the page. Everything that shows whether we are in reads it,
 * so that no two places can disagree (UI-4).
 */
export class Store {
  readonly clock = new Clock();

  status = $state<Status>('connecting');
  self = $state.raw<Self | null>(null);
  session = $state('');
  expiresAt = $state(0);
  grace = $state(15_000);

  connectedAt = $state<number | null>(null);
  lostAt = $state<number | null>(null);
  /** Close code of the last loss, 0 when the browser told none. */
  lossCode = $state(0);
  nextAttemptAt = $state(0);
  reconnects = $state(0);
  transport = $state('');

  stop = $state.raw<Stop | null>(null);
  /** We are on the way to the login page: nothing is shown any more. */
  leaving = $state(false);
  /** Came back into the same seat, at this time. */
  backAt = $state(0);
  /** The last answer to a command, for people. */
  result = $state('');

  inside = $state.raw<Inside>(nobody);
  /** The same for the list of users, which is drawn a frame later. */
  listed = $state.raw<Inside>(nobody);
  received = $state(0);
  sent = $state(0);
  latency = $state.raw<{ last: number; median: number; max: number } | null>(null);
  samples = $state.raw<readonly [number, number][]>([]);

  get phase(): Phase {
    return phaseOf(this.status, this.lostAt, this.clock.now, this.grace);
  }

  /** Since when what is shown is not live; null while it is. */
  get asOf(): number | null {
    return this.phase === 'calm' ? null : this.lostAt;
  }

  /** Gone for so long that it is no restart, whatever the server has said. */
  get away(): boolean {
    return this.status === 'reconnecting' && this.lostAt !== null && this.clock.now - this.lostAt >= restartTime;
  }

  /** The server has said that it restarts, and may still be at it. */
  get draining(): boolean {
    return this.status === 'reconnecting' && this.lossCode === comeBack.draining && !this.away;
  }

  get admin(): boolean {
    return this.self?.role === 'admin';
  }

  /** Empties everything that is somebody's (UI-5). */
  forget(): void {
    this.inside = nobody;
    this.listed = nobody;
    this.latency = null;
    this.samples = [];
    this.result = '';
  }
}
