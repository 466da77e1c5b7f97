import type { Wire } from './link';

type Handler = (...args: unknown[]) => void;

/** A socket.io client without a network: the test plays the server. */
export class FakeWire {
  connected = false;
  id = 'socket-1';
  attempts = 0;
  /** What the page sent: name, payload and the way to answer. */
  readonly sent: { name: string; payload: unknown; answer: (answer: unknown) => void }[] = [];
  readonly #heard: (() => void)[] = [];
  readonly io = {
    engine: { transport: { name: 'websocket' }, on: (name: string, heard: () => void) => name === 'packet' && this.#heard.push(heard) },
    _close: () => this.lose(0, 'forced close'),
  };

  #handlers = new Map<string, Handler[]>();
  #any: Handler[] = [];
  #anyOut: Handler[] = [];

  on(name: string, handler: Handler): this {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
    return this;
  }
  onAny(handler: Handler): void {
    this.#any.push(handler);
  }
  onAnyOutgoing(handler: Handler): void {
    this.#anyOut.push(handler);
  }

  connect(): void {
    this.attempts++;
  }
  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.fire('disconnect', 'io client disconnect');
  }
  emit(name: string, payload: unknown, ack: Handler): void {
    this.#out(name, payload, (answer) => ack(answer));
  }
  timeout(ms: number): { emit: (name: string, payload: unknown, ack: Handler) => void; emitWithAck: (name: string, payload: unknown) => Promise<unknown> } {
    return {
      emit: (name, payload, ack) => {
        const late = setTimeout(() => ack(new Error('late')), ms);
        this.#out(name, payload, (answer) => (clearTimeout(late), ack(null, answer)));
      },
      emitWithAck: (name, payload) =>
        new Promise((resolve, reject) => {
          const late = setTimeout(() => reject(new Error('late')), ms);
          this.#out(name, payload, (answer) => (clearTimeout(late), resolve(answer)));
        }),
    };
  }
  #out(name: string, payload: unknown, answer: (answer: unknown) => void): void {
    for (const handler of this.#anyOut) handler(name, payload);
    this.sent.push({ name, payload, answer });
  }

  // The server's side.

  fire(name: string, ...args: unknown[]): void {
    for (const handler of this.#handlers.get(name) ?? []) handler(...args);
  }
  event(name: string, payload: unknown): void {
    for (const heard of this.#heard) heard();
    for (const handler of this.#any) handler(name, payload);
    this.fire(name, payload);
  }
  open(): void {
    this.connected = true;
    this.fire('connect');
  }
  lose(code = 1006, reason = 'transport close'): void {
    this.connected = false;
    this.fire('disconnect', reason, { context: { code } });
  }
  last(name: string): { payload: unknown; answer: (answer: unknown) => void } {
    return this.sent.findLast((sent) => sent.name === name)!;
  }

  get wire(): Wire {
    return this as unknown as Wire;
  }
}
