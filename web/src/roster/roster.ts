import { foldName } from './fold';
import type { Entry, Slots, State, Status, Sync } from './wire';

/** One user inside, as the page knows it. Times are epoch milliseconds. */
export interface Face {
  name: string;
  /** The name as the search compares it. */
  folded: string;
  state: State;
  /** Inside since; for reconnecting the moment the connection was lost. */
  since: number;
  connections: number;
}

/** What a delta did, for the log and for screen readers. */
export type Change = 'in' | 'out' | 'rec' | 'back';

/** How a delta was taken: applied, old, or proof that something is missing. */
export type Taken = { change: Change } | 'old' | { missing: [from: number, to: number] };

/**
 * The users inside, kept by the rules of P3: deltas are applied in order of
 * seq, a presence_sync replaces everything, slots are true up to their own seq.
 * It holds thousands of users, so it is plain data without reactivity.
 */
export class Roster {
  /** In order of arrival. */
  readonly faces = new Map<string, Face>();
  slots: Slots | null = null;
  /** Users the server counts, which may be more than it names (P4, P5). */
  count = 0;
  /** False until a sync, and after a gap until the next one. */
  whole = false;

  #epoch = '';
  #seq = 0;

  get position(): { epoch: string; seq: number } {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** Replaces the roster; false when the snapshot is older than what is known. */
  sync(sync: Sync): boolean {
    if (sync.epoch === this.#epoch && sync.seq < this.#seq) return false;
    this.#epoch = sync.epoch;
    this.#seq = sync.seq;
    this.whole = true;
    this.count = sync.count;
    this.faces.clear();
    const faces = sync.users.map(face);
    faces.sort((a, b) => a.since - b.since);
    for (const f of faces) this.faces.set(f.name, f);
    return true;
  }

  /** Applies one delta. After a gap the roster stays unchanged until the next sync. */
  status(status: Status): Taken {
    if (status.epoch === this.#epoch && status.seq <= this.#seq) return 'old';
    if (!this.whole || status.epoch !== this.#epoch || status.seq !== this.#seq + 1) {
      this.whole = false;
      return { missing: [this.#seq + 1, status.seq - 1] };
    }
    this.#seq = status.seq;
    this.count = status.count;
    return { change: this.#apply(status) };
  }

  #apply(status: Status): Change {
    const before = this.faces.get(status.username);
    if (status.status === 'offline') {
      this.faces.delete(status.username);
      return 'out';
    }
    if (before) {
      // Kept in place, so that a user who comes back does not jump.
      this.faces.set(status.username, { ...before, state: status.status, since: Date.parse(status.since) });
    } else {
      const { username, status: state, since } = status;
      this.faces.set(username, face({ username, state, since, connections: 1 }));
    }
    if (status.status === 'reconnecting') return 'rec';
    return before?.state === 'reconnecting' ? 'back' : 'in';
  }

  /** Takes the newest occupancy; an older one is ignored, an equal one replaces. */
  occupancy(slots: Slots): boolean {
    if (this.slots && slots.epoch === this.slots.epoch && slots.seq < this.slots.seq) return false;
    this.slots = slots;
    return true;
  }

  /** Removes all users (UI-5). */
  clear(): void {
    this.faces.clear();
    this.slots = null;
    this.count = 0;
    this.whole = false;
    this.#epoch = '';
    this.#seq = 0;
  }
}

function face(entry: Entry): Face {
  return {
    name: entry.username,
    folded: foldName(entry.username),
    state: entry.state,
    since: Date.parse(entry.since),
    connections: entry.connections,
  };
}
