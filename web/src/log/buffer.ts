import { crowds, groupOf, same, type Entry, type Report } from './entry';

/** Events a second above which rows fold, and the seconds this rate must last. */
const rush = 20;
const patience = 2;

/**
 * A ring buffer of the last entries. It is outside reactive state, so that a
 * hundred events a second cost little. Equal neighbours fold into one row;
 * above 20 events a second for two seconds presence and occupancy fold to one
 * row a second. Own events, refusals and answers to commands never fold.
 */
export class LogBuffer {
  static readonly size = 5000;

  #entries: Entry[] = [];
  #first = 0;
  #next = 1;
  #dropped = 0;

  #second = 0;
  #inSecond = 0;
  #busySeconds = 0;
  #crowd: Entry | null = null;

  /** Number of oldest rows removed since the last clear. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The id of the next row. */
  get next(): number {
    return this.#next;
  }

  push(report: Report): void {
    const folding = this.#measure(report.at);
    if (folding && crowds(report)) return this.#fold(report);
    const last = this.#last();
    if (last && same(last, report)) {
      this.#replace({ ...last, times: last.times + 1, at: report.at, data: report.data });
      return;
    }
    this.#append(report);
  }

  /** Counts events by second; true while the rush lasts. */
  #measure(at: number): boolean {
    const second = Math.floor(at / 1000);
    if (second !== this.#second) {
      const quiet = second - this.#second > 1 || this.#inSecond <= rush;
      this.#busySeconds = quiet ? 0 : this.#busySeconds + 1;
      this.#second = second;
      this.#inSecond = 0;
      this.#crowd = null;
    }
    this.#inSecond++;
    return this.#busySeconds >= patience;
  }

  #fold(report: Report): void {
    const crowd = this.#crowd;
    const fields = { in: 0, out: 0, ...crowd?.fields };
    if (report.kind === 'user.in') fields.in++;
    if (report.kind === 'user.out') fields.out++;
    const times = (crowd?.times ?? 0) + 1;
    const data = { ...fields, events: times };
    if (crowd) this.#crowd = this.#replace({ ...crowd, times, at: report.at, fields, data });
    else this.#crowd = this.#append({ at: report.at, kind: 'folded', direction: 'received', fields, data });
  }

  /** Puts a new version of a row in its place: drawn rows are told by identity. */
  #replace(entry: Entry): Entry {
    const n = this.#entries.length;
    const back = this.#next - entry.id;
    if (back <= n) this.#entries[(this.#first + n - back) % n] = entry;
    return entry;
  }

  #append(report: Report): Entry {
    const entry: Entry = { ...report, id: this.#next++, group: groupOf(report.kind), times: 1 };
    if (this.#entries.length < LogBuffer.size) this.#entries.push(entry);
    else {
      this.#entries[this.#first] = entry;
      this.#first = (this.#first + 1) % LogBuffer.size;
      this.#dropped++;
    }
    return entry;
  }

  #last(): Entry | undefined {
    const n = this.#entries.length;
    return n === 0 ? undefined : this.#entries[(this.#first + n - 1) % n];
  }

  /** Rows that pass, oldest first, with ids below end. */
  select(pass: (entry: Entry) => boolean, end = Infinity): Entry[] {
    const rows: Entry[] = [];
    const n = this.#entries.length;
    for (let i = 0; i < n; i++) {
      const entry = this.#entries[(this.#first + i) % n]!;
      if (entry.id >= end) break;
      if (pass(entry)) rows.push(entry);
    }
    return rows;
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#dropped = 0;
    this.#crowd = null;
  }
}
