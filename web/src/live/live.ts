import { Latency } from '../latency/window';
import type { LogView } from '../log/view.svelte';
import { Roster, type Change } from '../roster/roster';
import { Resync } from '../roster/resync';
import type { Slots, Status as Delta, Sync } from '../roster/wire';
import type { Voice } from '../announce/announcer.svelte';
import { t } from '../copy/text.svelte';
import type { Visibility } from '../seat/picture';
import { Frame } from './frame';
import { Journal } from './journal';
import { Link, type Loss, type Watcher, type Wire } from './link';
import { connectionOnly, failed, type End, type Failure, type Registered, type Rejection } from './protocol';
import { Siblings } from './siblings';
import type { Store } from './store.svelte';

const patience = 10_000;

/** Refusals of a registration that end when a seat is free. */
const full: ReadonlySet<string> = new Set(['seat_limit', 'seat_lost']);

/**
 * The life of the page: connects, registers, keeps the roster,
 * and stops for good when the server says so. It writes the store and the log;
 * it draws nothing.
 */
export class Live implements Watcher {
  readonly link: Link;
  readonly roster = new Roster();
  readonly latency = new Latency();
  readonly journal: Journal;

  readonly #frame = new Frame([() => this.#drawLog(), () => this.#drawInside(), () => this.#drawUsers()]);
  readonly #siblings: Siblings;
  readonly #resync: Resync;
  #changes: number[] = [];
  /** Arrival of our own seat before the loss, to know it was kept. */
  #seatSince: number | null = null;
  #visibility: Visibility = 'names';
  /** In front of a full pool: connected only to hear when a seat is free. */
  #watching = false;
  #received = 0;
  #sent = 0;

  constructor(
    readonly store: Store,
    readonly log: LogView,
    readonly voice: Voice,
    wire?: Wire,
  ) {
    this.link = new Link(this, wire);
    this.journal = new Journal(log, () => this.store.self?.username ?? null);
    this.#resync = new Resync(() => this.sync());
    this.#siblings = new Siblings((end, username, expires) => this.#heard(end, username, expires));
    this.#listen(this.link.wire);
  }

  start(): void {
    this.store.clock.start();
    this.link.connect();
  }

  /** Stops every timer and transport. */
  close(): void {
    this.link.close();
    this.#halt();
    this.#siblings.close();
    this.#frame.stop();
  }

  #halt(): void {
    this.#resync.stop();
    this.store.clock.stop();
  }

  want(): void {
    this.#frame.want();
  }

  #listen(wire: Wire): void {
    wire.onAny((name: string, data: unknown) => {
      this.#received++;
      this.want();
      this.journal.unknown(name, data);
    });
    wire.onAnyOutgoing(() => {
      this.#sent++;
      this.want();
    });
    wire.on('user_status', (delta) => this.#delta(delta));
    wire.on('presence_sync', (sync) => this.#sync(sync));
    wire.on('connection_slots', (slots) => {
      this.#vacancy(slots);
      if (!this.roster.occupancy(slots)) return;
      this.journal.slots(slots);
      this.want();
    });
    wire.on('online_users', (users) => this.journal.online(users));
    wire.on('session_ended', (end) => this.#end(end));
    wire.on('connection_ended', (end) => this.#end(end));
  }

  // What the link reports.

  connected(): void {
    const { store } = this;
    store.transport = this.link.transport;
    this.link.wire.io.engine.on('upgrade', (transport) => (store.transport = transport.name));
    this.journal.note('connect', `${store.transport} · ${this.link.wire.id}`);
    if (this.#watching) this.#watch();
    else void this.register();
  }

  lost(loss: Loss): void {
    const { store } = this;
    const own = store.self && this.roster.faces.get(store.self.username);
    if (store.status === 'online') this.#seatSince = own?.since ?? null;
    store.lossCode = loss.code;
    // Turned away and waiting for a click: nothing is tried without one.
    if (this.#watching) return;
    if (store.stop) return this.link.end();
    this.journal.note('closed', loss.code ? `${loss.reason} · ${loss.code}` : loss.reason);
    store.lostAt ??= loss.at;
    this.#away('reconnecting');
  }

  left(): void {
    this.journal.note('closed', 'io client disconnect');
    this.#seatSince = null;
    this.#away('offline');
  }

  dismissed(): void {
    if (this.#watching) return this.link.retry();
    if (this.store.stop) return;
    this.journal.note('closed', 'io server disconnect');
    this.#away('offline');
  }

  refused(rejection: Rejection): void {
    const { code, reason = '', at = new Date().toISOString() } = rejection;
    this.journal.note('connect_error', code);
    this.#end({ code, reason, message: '', at });
  }

  failed(attempt: number, nextAt: number, status: number): void {
    this.store.nextAttemptAt = nextAt;
    if (this.#watching) return;
    if (attempt > 1 || status) this.journal.note('connect_error', status ? String(status) : '');
    if (this.store.status === 'connecting') this.#away('reconnecting');
  }

  trying(attempt: number): void {
    this.journal.note('retry', '', { n: attempt });
  }

  #away(status: 'reconnecting' | 'offline'): void {
    const { store } = this;
    this.roster.whole = false;
    this.#resync.stop();
    store.lostAt ??= Date.now();
    store.connectedAt = null;
    store.clock.set();
    if (store.status === status) return;
    store.status = status;
    if (!store.stop) this.#sayStatus();
    this.want();
  }

  // Registration.

  /** Asks for our seat; done when answered or given up. */
  register(): Promise<void> {
    this.journal.sent('register');
    const asked = Date.now();
    return new Promise((done) => {
      // By callback: what follows the answer in the same packet must find it taken.
      this.link.wire.timeout(patience).emit('register_user', {}, (late, answer) => {
        if (late) this.link.silentSince(asked, patience);
        else if (this.store.stop?.kind !== 'end') {
          if (failed(answer)) this.#turnedAway(answer);
          else this.#registered(answer);
        }
        done();
      });
    });
  }

  #registered(answer: Registered): void {
    const { store } = this;
    this.link.settled();
    this.journal.registered(answer);
    store.self = answer.user;
    store.session = answer.sid;
    store.expiresAt = Date.parse(answer.expires_at);
    store.grace = answer.grace_ms;
    store.stop = null;
    this.#watching = false;
    if (store.lostAt !== null) store.reconnects++;
    store.lostAt = null;
    store.lossCode = 0;
    store.connectedAt ??= Date.now();
    store.clock.start();
    if (store.status !== 'online') {
      store.status = 'online';
      this.#sayStatus();
    }
    this.want();
  }

  #turnedAway(failure: Failure): void {
    this.journal.failure('register_user', failure);
    const { store } = this;
    if (store.status === 'online') return;
    store.lostAt = null;
    store.clock.set();
    store.stop = { kind: 'refused', failure, at: Date.now(), session: this.link.wire.id ?? '' };
    this.#watching = full.has(failure.code);
    if (this.#watching) this.#watch();
  }

  /** Asks the server to say when a seat is free; taking it is the person's click (S9). */
  #watch(): void {
    const asked = Date.now();
    this.link.wire.timeout(patience).emit('connection_slots', {}, (late, answer) => {
      if (late) this.link.silentSince(asked, patience);
      else if (!failed(answer)) this.#vacancy(answer);
    });
  }

  #vacancy({ max, used }: Slots): void {
    const { stop } = this.store;
    if (!this.#watching || stop?.kind !== 'refused') return;
    this.store.stop = { ...stop, failure: { ...stop.failure, max, used } };
  }

  // Who is inside.

  #delta(delta: Delta): void {
    const taken = this.roster.status(delta);
    if (taken === 'old') return;
    if ('missing' in taken) {
      const [from, to] = taken.missing;
      this.journal.note('gap', '', { from: String(from), to: String(to) }, delta);
      this.#resync.want();
      return;
    }
    this.journal.change(taken.change, delta);
    this.#changes.push(performance.now());
    this.#sayChange(taken.change, delta.username);
    this.want();
  }

  #sync(sync: Sync): void {
    if (!this.roster.sync(sync)) return;
    this.journal.synced(sync);
    const { store } = this;
    // Who is inside finds himself in a list of names: without him it is none (P5).
    const listed = store.admin || (store.self !== null && this.roster.faces.has(store.self.username));
    if (this.#visibility !== 'none') this.#visibility = listed ? 'names' : 'count';
    const own = store.self && this.roster.faces.get(store.self.username);
    if (own && this.#seatSince !== null && own.since === this.#seatSince) {
      store.backAt = Date.now();
      this.voice.queue.polite(t('rec.back'));
    }
    this.#seatSince = null;
    this.want();
  }

  /** The pool shows no names at all (P5). */
  hide(): void {
    this.#visibility = 'none';
    this.want();
  }

  sync(): void {
    if (!this.link.wire.connected) return;
    this.journal.sent('presence_sync');
    this.link.wire.emit('presence_sync', this.roster.position, (answer) => {
      if (failed(answer)) this.journal.failure('presence_sync', answer);
    });
  }

  // The end.

  #end(end: End): void {
    const { store } = this;
    this.journal.note('ended', '', { code: end.code }, end);
    if (!connectionOnly.has(end.code)) this.#tell(end);
    if (!store.leaving) this.#finish(end);
  }

  /** We logged out: tabs without a connection hear it from us. */
  departed(): void {
    this.#tell({ code: 'logged_out', reason: '', message: '', at: new Date().toISOString() });
  }

  #tell(end: End): void {
    const { self, expiresAt } = this.store;
    if (self) this.#siblings.tell(end, self.username, expiresAt);
  }

  /** A sibling tab heard that our common session is over. */
  #heard(end: End, username: string, expires: number): void {
    const { store } = this;
    if (store.leaving || store.self?.username !== username || store.expiresAt !== expires) return;
    if (store.stop?.kind === 'end' && !connectionOnly.has(store.stop.end.code)) return;
    this.#finish(end);
  }

  #finish(end: End): void {
    const { store } = this;
    // Waiting in front of a full pool: that the wait was cut is no news.
    if (this.#watching && end.code === 'register_timeout') return;
    this.#watching = false;
    this.link.end();
    if (store.stop?.kind === 'refused' && end.code === 'register_timeout') return;
    this.#halt();
    store.status = connectionOnly.has(end.code) ? 'offline' : 'ended';
    store.lostAt = null;
    store.connectedAt = null;
    store.stop = { kind: 'end', end, at: Date.parse(end.at) || Date.now(), session: store.session };
    this.#forget();
  }

  #forget(): void {
    this.roster.clear();
    this.latency.clear();
    this.log.clear();
    this.#changes = [];
    this.store.forget();
  }

  /** A click on the notice: try again what was refused. */
  again(): void {
    const { store } = this;
    this.#watching = false;
    if (store.stop?.kind === 'refused' && this.link.wire.connected) {
      void this.register();
      return;
    }
    if (store.stop?.kind === 'end') {
      store.stop = null;
      store.status = 'connecting';
      store.clock.start();
    }
    this.link.connect();
  }

  // Drawing and speaking.

  #drawLog(): void {
    const { store } = this;
    if (store.stop?.kind === 'end') return;
    this.log.refresh();
    store.received = this.#received;
    store.sent = this.#sent;
    if (store.samples.at(-1) === this.latency.samples.at(-1)) return; // the chart is not cheap
    store.latency = this.latency.figures();
    store.samples = [...this.latency.samples];
  }

  #drawInside(): void {
    const { store, roster } = this;
    if (store.stop?.kind === 'end') return;
    const now = performance.now();
    this.#changes = this.#changes.filter((at) => now - at < 250);
    const self = store.self?.username;
    const own = self ? roster.faces.get(self) : undefined;
    const others = [...roster.faces.values()].filter((face) => face !== own);
    store.inside = {
      slots: roster.slots,
      faces: own ? [own, ...others] : others,
      more: Math.max(0, roster.count - roster.faces.size),
      visibility: this.#visibility,
      hurried: this.#changes.length > 10 || !store.inside.known,
      known: roster.slots !== null,
    };
  }

  #drawUsers(): void {
    this.store.listed = this.store.inside;
  }

  #sayStatus(): void {
    this.voice.queue.polite(t('aria.announce.state', { status: t(`status.${this.store.status}`) }));
  }

  #sayChange(change: Change, name: string): void {
    if (name === this.store.self?.username || (change !== 'in' && change !== 'out')) return;
    this.voice.queue.change(() => {
      const { used = 0, max = 0 } = this.roster.slots ?? {};
      return t(change === 'in' ? 'aria.announce.in' : 'aria.announce.out', { name, used, max });
    });
  }
}
