import { io, type Socket } from 'socket.io-client';
import { delay } from './backoff';
import type { FromServer, Rejection, ToServer } from './protocol';

export type Wire = Socket<FromServer, ToServer>;

/** Why and when a transport was lost, as far as the browser lets us know. */
export type Loss = { code: number; reason: string; at: number };

/** What the link reports. */
export interface Watcher {
  connected(): void;
  /** Lost; the link tries again by itself. */
  lost(loss: Loss): void;
  /** We left. */
  left(): void;
  /** The server sent us off, without or after saying why. */
  dismissed(): void;
  /** Final: nothing is tried again. */
  refused(rejection: Rejection): void;
  /** One attempt failed; the next starts at the given time. */
  failed(attempt: number, nextAt: number, status: number): void;
  trying(attempt: number): void;
}

/** Milliseconds until an attempt is given up, and a sign of life. */
const patience = { connect: 5000, probe: 2000 } as const;

/**
 * The one connection of the page. It schedules its own attempts, so that the
 * page can say when the next one is and try at once on a click; after a final
 * code it never tries anything (UI-5).
 */
export class Link {
  readonly wire: Wire;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  /** When the server was last heard. */
  #heard = 0;
  /** When the transport fell silent; null while it is not known to. */
  #silentAt: number | null = null;

  constructor(
    private readonly watcher: Watcher,
    wire?: Wire,
  ) {
    this.wire =
      wire ??
      io({
        path: new URL('socket.io/', document.baseURI).pathname, // beside this page, below any base path
        autoConnect: false,
        reconnection: false,
        withCredentials: true,
        timeout: patience.connect,
      });
    this.wire.on('connect', () => {
      this.#hear();
      this.wire.io.engine.on('packet', this.#hear);
      watcher.connected();
    });
    this.wire.on('connect_error', (error) => this.#failed(error));
    this.wire.on('disconnect', (reason, details) => {
      if (this.#over) return;
      if (reason === 'io client disconnect') return watcher.left();
      if (reason === 'io server disconnect') return watcher.dismissed();
      const close = details && 'context' in details ? (details.context as { code?: number } | undefined) : undefined;
      watcher.lost({ code: close?.code ?? 0, reason, at: this.#silentAt ?? Date.now() });
      this.#silentAt = null;
      if (!this.#over) this.#again(0);
    });
    addEventListener('online', this.#now);
    addEventListener('offline', this.#probe);
  }

  readonly #hear = () => {
    this.#heard = Date.now();
  };

  /** The network is back: tries at once, or looks whether the transport has survived. */
  readonly #now = () => {
    if (this.#timer !== undefined) this.connect();
    else this.#probe();
  };

  /** Asks for a sign of life; the browser has said that the network changed. */
  readonly #probe = () => {
    if (!this.wire.connected) return;
    const asked = Date.now();
    this.wire.timeout(patience.probe).emit('ping_manual', { n: 0 }, (silent) => {
      if (silent) this.silentSince(asked, patience.probe);
    });
  };

  /**
   * A question asked then has not been answered for so many milliseconds. If nothing
   * else was heard since, the transport is dead: waiting for the next heartbeat would
   * show what is long untrue (UI-4). A page that was busy or asleep itself, which its
   * late timer tells, may only not have read the answer, and asks again.
   */
  silentSince(asked: number, waited: number): void {
    if (!this.wire.connected || this.#heard > asked) return;
    if (Date.now() - asked > waited + 500) return this.#probe();
    this.#silentAt = asked;
    // Not disconnect(): a DISCONNECT that arrives late would free the seat (S3).
    this.wire.io._close();
  }

  /** Connects, or tries at once when an attempt is waiting. */
  connect(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#over = false;
    this.wire.connect();
  }

  /** All is well: the next loss starts with a short wait again. */
  settled(): void {
    this.#attempt = 0;
  }

  /** Leaves: the DISCONNECT packet frees the seat at once (S3). */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const connected = this.wire.connected;
    this.wire.disconnect();
    if (!connected) this.watcher.left();
  }

  /** Stops for good: no timer and no transport stay behind. */
  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.wire.disconnect();
  }

  close(): void {
    this.end();
    removeEventListener('online', this.#now);
    removeEventListener('offline', this.#probe);
  }

  /** The transport in use, for people. */
  get transport(): string {
    return this.wire.io.engine?.transport.name ?? '';
  }

  #failed(error: Error & { data?: Partial<Rejection>; context?: { status?: number } }): void {
    if (this.#over) return;
    const { data } = error;
    if (data?.retry === false && data.code) return this.watcher.refused(data as Rejection);
    this.#again(error.context?.status ?? 0);
  }

  /** Comes back after the server has closed, as after a loss. */
  retry(): void {
    this.#over = false;
    this.#again(0);
  }

  #again(status: number): void {
    clearTimeout(this.#timer);
    const wait = delay(++this.#attempt);
    this.watcher.failed(this.#attempt, Date.now() + wait, status);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.watcher.trying(this.#attempt);
      this.wire.connect();
    }, wait);
  }
}
