/**
 * Runs a draw in the next animation frame, at most ten times a second and not
 * while the page is in the background; it catches up once when it is seen again
 * (UI-2).
 */
export class Frame {
  static readonly least = 100;
  #wanted = false;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;
  readonly #seen = () => {
    if (!document.hidden && this.#wanted) this.#schedule();
  };

  constructor(private readonly draw: () => void) {
    document.addEventListener('visibilitychange', this.#seen);
  }

  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    if (!document.hidden) this.#schedule();
  }

  /** Draws now what is wanted: for changes that must not wait. */
  flush(): void {
    this.#cancel();
    this.#wanted = false;
    this.#last = performance.now();
    this.draw();
  }

  #schedule(): void {
    this.#cancel();
    const wait = this.#last + Frame.least - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#request(), wait);
    else this.#request();
  }

  #request(): void {
    this.#frame = requestAnimationFrame(() => this.flush());
  }

  #cancel(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }

  stop(): void {
    this.#cancel();
    this.#wanted = false;
    document.removeEventListener('visibilitychange', this.#seen);
  }
}
