import { clock, dur, t } from '../copy/text.svelte';
import { explain } from '../notice/explain';
import type { Live } from './live';
import { failed, type Failure } from './protocol';

export type Command = 'ping' | 'who' | 'register' | 'sync' | 'reconnect' | 'disconnect';

/** The event a command sends; none for those that act on the connection. */
export const eventOf: Record<Command, string> = {
  ping: 'ping_manual',
  who: 'get_online_users',
  register: 'register_user',
  sync: 'presence_sync',
  reconnect: 'CONNECT',
  disconnect: 'DISCONNECT',
};

const patience = 5000;

/**
 * What a person can ask the server from the console, and the latency ping the
 * page sends by itself while it is looked at: every five seconds, no activity.
 */
export class Commands {
  static readonly every = 5000;
  #n = 0;
  #first: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly live: Live) {}

  /** Pings while connected; the console calls it and stop with the status. */
  start(): void {
    this.stop();
    const ping = () => {
      if (!document.hidden) void this.#ping(true);
    };
    // Not at once: the connection is still busy becoming a websocket.
    this.#first = setTimeout(ping, 1000);
    this.#timer = setInterval(ping, Commands.every);
  }

  stop(): void {
    clearTimeout(this.#first);
    clearInterval(this.#timer);
  }

  async run(command: Command): Promise<void> {
    switch (command) {
      case 'ping':
        return this.#ping(false);
      case 'who':
        return this.#who();
      case 'register':
        await this.live.register();
        return this.#result(t(`status.${this.live.store.status}`));
      case 'sync':
        return this.live.sync();
      case 'reconnect':
        if (this.live.link.wire.connected) this.live.link.wire.disconnect();
        return this.live.link.connect();
      case 'disconnect':
        return this.live.link.leave();
    }
  }

  async #ping(auto: boolean): Promise<void> {
    const { live } = this;
    const n = ++this.#n;
    live.journal.ping(n, auto);
    const start = performance.now();
    const answer = await this.#ask(() => live.link.wire.timeout(patience).emitWithAck('ping_manual', { n }), 'ping_manual');
    if (!answer) return;
    const took = performance.now() - start;
    live.latency.add(Date.now(), took);
    const [length, time] = [dur(took), clock(answer.server_time_ms)];
    live.journal.pong(answer, length, time, auto);
    live.want();
    if (!auto) this.#result(t('log.pong', { dur: length, time }));
  }

  async #who(): Promise<void> {
    const { live } = this;
    live.journal.sent('get_online_users');
    const wire = live.link.wire;
    const answer = await this.#ask(() => wire.timeout(patience).emitWithAck('get_online_users', {}), 'get_online_users');
    if (answer) this.#result(t('log.online.count', { n: answer.count }));
  }

  /** The answer, or null after the refusal was written and said. */
  async #ask<T extends object>(send: () => Promise<T | Failure>, event: string): Promise<T | null> {
    let answer: T | Failure;
    const asked = Date.now();
    try {
      answer = await send();
    } catch {
      this.live.link.silentSince(asked, patience);
      if (this.live.link.wire.connected) this.#result(t('err.no_answer'));
      return null;
    }
    if (!failed(answer)) return answer;
    this.live.journal.failure(event, answer);
    if (event === 'get_online_users' && answer.code === 'forbidden') this.live.hide();
    this.#result(t('log.error', { message: explain(answer) }));
    return null;
  }

  /** Announces a text to screen readers. */
  announce(text: string): void {
    this.live.voice.queue.polite(text);
  }

  #result(text: string): void {
    this.live.store.result = text;
    this.announce(text);
  }
}
