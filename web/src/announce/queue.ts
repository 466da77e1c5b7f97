/** Writes a sentence into one of the page's two live regions. */
export type Announce = (how: 'polite' | 'assertive', text: string) => void;

const pause = 5000;

/**
 * Limits what a screen reader reads: at most one polite sentence in five seconds,
 * the newest wins, and several changes of the roster become a count. Assertive
 * sentences are written at once and discard what was waiting.
 */
export class AnnouncementQueue {
  #waiting: (() => string) | null = null;
  #changes: (() => string)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;

  constructor(
    private readonly announce: Announce,
    /** The sentence for n changes at once. */
    private readonly many: (n: number) => string,
    private readonly now: () => number = Date.now,
  ) {}

  polite(text: string): void {
    this.#waiting = () => text;
    this.#schedule();
  }

  /** A change of the roster; its sentence is built when it is announced. */
  change(sentence: () => string): void {
    this.#changes.push(sentence);
    this.#schedule();
  }

  assertive(text: string): void {
    this.stop();
    this.announce('assertive', text);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#last + pause - this.now();
    // Never at once: events of the same moment become one sentence.
    this.#timer = setTimeout(() => this.#speak(), Math.max(wait, 100));
  }

  #speak(): void {
    this.#timer = undefined;
    this.#last = this.now();
    const changes = this.#changes;
    this.#changes = [];
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) {
      this.announce('polite', waiting());
      if (changes.length > 0) {
        this.#changes = changes;
        this.#schedule();
      }
    } else if (changes.length === 1) this.announce('polite', changes[0]!());
    else if (changes.length > 1) this.announce('polite', this.many(changes.length));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = null;
    this.#changes = [];
  }
}
