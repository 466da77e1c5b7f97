/**
 * Runs draws in animation frames: one a frame, so that none of them makes a long
 * task of all, and each at most ten times a second. A page in the background draws
 * nothing; it catches up once when it is seen again (UI-2).
 */
export class Frame {
  static readonly least = 100;
  #wanted = false;
  /** The next draw of a round that has begun; 0 between two rounds. */
  #turn = 0;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;
  readonly #seen = () => {
    if (!document.hidden && (this.#wanted || this.#turn > 0)) this.#schedule();
  };

  constructor(private readonly draws: readonly (() => void)[]) {
    document.addEventListener('visibilitychange', this.#seen);
  }

  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    if (!document.hidden && this.#turn === 0) this.#schedule();
  }

  /** Draws what is next, and goes on in the next frame. */
  #step(): void {
    if (this.#turn === 0) {
      this.#wanted = false; // what comes from here on belongs to the next round
      this.#last = performance.now();
    }
    this.draws[this.#turn]!();
    this.#turn = (this.#turn + 1) % this.draws.length;
    if (this.#turn > 0) this.#request();
    else if (this.#wanted) this.#schedule();
  }

  #schedule(): void {
    this.#cancel();
    const wait = this.#turn > 0 ? 0 : this.#last + Frame.least - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#request(), wait);
    else this.#request();
  }

  #request(): void {
    this.#frame = requestAnimationFrame(() => this.#step());
  }

  #cancel(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.#cancel();
    this.#wanted = false;
    this.#turn = 0;
    document.removeEventListener('visibilitychange', this.#seen);
  }
}
