/** Where the sentences go: the page's two live regions. */
export type Say = (how: 'polite' | 'assertive', text: string) => void;

const pause = 5000;

/**
 * Keeps a screen reader bearable: at most one polite sentence in five seconds,
 * the newest wins, several changes of who is inside become a count. Assertive
 * sentences go out at once and drop what was waiting.
 */
export class SayQueue {
  #waiting: (() => string) | null = null;
  #changes: (() => string)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;

  constructor(
    private readonly say: Say,
    /** The sentence for n changes at once. */
    private readonly many: (n: number) => string,
    private readonly now: () => number = Date.now,
  ) {}

  polite(text: string): void {
    this.#waiting = () => text;
    this.#schedule();
  }

  /** A change of who is inside; the sentence is made when it is spoken. */
  change(sentence: () => string): void {
    this.#changes.push(sentence);
    this.#schedule();
  }

  assertive(text: string): void {
    this.stop();
    this.say('assertive', text);
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
      this.say('polite', waiting());
      if (changes.length > 0) {
        this.#changes = changes;
        this.#schedule();
      }
    } else if (changes.length === 1) this.say('polite', changes[0]!());
    else if (changes.length > 1) this.say('polite', this.many(changes.length));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = null;
    this.#changes = [];
  }
}
