import type { End } from './protocol';

/** What the tabs of one browser tell each other. */
interface Word {
  end: End;
  username: string;
  /** Tells one session from the next of the same user. */
  expires: number;
}

/**
 * The line between the tabs of a browser: an end of the session reaches those
 * without a connection too (UI-5).
 */
export class Siblings {
  #channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('turnike');

  constructor(heard: (end: End, username: string, expires: number) => void) {
    this.#channel?.addEventListener('message', (event: MessageEvent<Word>) => {
      heard(event.data.end, event.data.username, event.data.expires);
    });
  }

  tell(end: End, username: string, expires: number): void {
    this.#channel?.postMessage({ end, username, expires } satisfies Word);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}
