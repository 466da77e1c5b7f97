import type { Entry, Group, Report } from './entry';
import { passes, toggled } from './filter';
import { LogBuffer } from './buffer';

/**
 * What the log shows of the buffer: the filter, whether it follows the newest
 * row, and the rows themselves, replaced as a whole once per drawn frame.
 */
export class LogView {
  readonly buffer = new LogBuffer();

  rows = $state.raw<Entry[]>([]);
  chosen = $state.raw<ReadonlySet<Group>>(new Set());
  /** New rows that pass the filter since it stood still. */
  unread = $state(0);
  dropped = $state(0);
  /** Stands still because the button says so; only the button lets it go on. */
  paused = $state(false);
  following = $state(true);

  #end = Infinity;

  /** redraw asks for refresh in the next frame. */
  constructor(private readonly redraw: () => void) {}

  push(report: Report): void {
    this.buffer.push(report);
    this.redraw();
  }

  /** Brings the rows up to date; called once per drawn frame. */
  refresh(): void {
    const pass = (entry: Entry) => passes(this.chosen, entry);
    this.rows = this.buffer.select(pass, this.#end);
    this.dropped = this.buffer.dropped;
    this.unread = this.following ? 0 : this.buffer.select((entry) => entry.id >= this.#end && pass(entry)).length;
  }

  /** Stands still: by the button, or because somebody is reading. */
  hold(button = false): void {
    if (button) this.paused = true;
    if (!this.following) return;
    this.following = false;
    this.#end = this.buffer.next;
  }

  /** Goes on at the newest row. */
  follow(): void {
    this.paused = false;
    this.following = true;
    this.#end = Infinity;
    this.refresh();
  }

  toggle(group: Group): void {
    this.chosen = toggled(this.chosen, group);
    this.refresh();
  }

  all(): void {
    this.chosen = new Set();
    this.refresh();
  }

  clear(): void {
    this.buffer.clear();
    if (!this.following) this.#end = this.buffer.next;
    this.refresh();
  }
}
