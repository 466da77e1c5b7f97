/**
 * Asks for a presence_sync, at most once a second (P3), and never forgets that
 * one is wanted: a request that came too early is sent when the second is over.
 */
export class Resync {
  #last = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: () => void,
    private readonly now: () => number = Date.now,
  ) {}

  want(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#last + 1000 - this.now();
    if (wait <= 0) this.#ask();
    else this.#timer = setTimeout(() => this.#ask(), wait);
  }

  #ask(): void {
    this.#timer = undefined;
    this.#last = this.now();
    this.send();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
