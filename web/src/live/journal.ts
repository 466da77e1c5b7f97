import type { Fields } from '../copy/key';
import type { Kind } from '../log/entry';
import type { LogView } from '../log/view.svelte';
import { explain } from '../notice/explain';
import type { Change } from '../roster/roster';
import type { Slots, Status, Sync } from '../roster/wire';
import type { Failure, OnlineUsers, Pong, Registered } from './protocol';

const events = new Set([
  'response',
  'user_status',
  'connection_slots',
  'presence_sync',
  'online_users',
  'pong_manual',
  'session_ended',
  'connection_ended',
]);

/**
 * Writes what happens into the log: once for each thing that happened, although
 * the server answers a command both by ack and by event.
 */
export class Journal {
  constructor(
    private readonly log: LogView,
    private readonly self: () => string | null,
  ) {}

  /** Something of the page's own: connected, closed, an attempt. */
  note(kind: Kind, note: string, fields?: Fields, data?: unknown): void {
    this.log.push({ at: Date.now(), kind, direction: kind === 'ended' ? 'received' : 'note', note, fields, data, own: true });
  }

  sent(command: 'register' | 'get_online_users' | 'presence_sync'): void {
    const at = Date.now();
    if (command === 'register') {
      this.log.push({ at, kind: 'register', direction: 'sent', note: 'register_user {}', data: {}, own: true });
    } else {
      this.log.push({ at, kind: 'event', direction: 'sent', fields: { name: command }, own: true });
    }
  }

  registered(answer: Registered): void {
    this.log.push({
      at: Date.now(),
      kind: 'response',
      direction: 'received',
      fields: { name: answer.username },
      data: answer,
      own: true,
    });
  }

  failure(command: string, failure: Failure): void {
    const message = explain(failure);
    const note = `${command} · ${failure.code}`;
    this.log.push({ at: Date.now(), kind: 'error', direction: 'received', fields: { message }, note, data: failure, own: true });
  }

  ping(n: number, auto: boolean): void {
    this.log.push({ at: Date.now(), kind: 'ping', direction: 'sent', note: `ping_manual {"n":${n}}`, data: { n }, own: true, auto });
  }

  pong(answer: Pong, dur: string, time: string, auto: boolean): void {
    this.log.push({
      at: Date.now(),
      kind: 'pong',
      direction: 'received',
      fields: { dur, time },
      data: answer,
      own: true,
      auto,
    });
  }

  change(change: Change, status: Status): void {
    const { username, reason, seq } = status;
    this.log.push({
      at: Date.now(),
      kind: `user.${change}`,
      direction: 'received',
      note: [username, reason, `seq ${seq}`].filter(Boolean).join(' · '),
      data: status,
      own: username === this.self(),
    });
  }

  slots(slots: Slots): void {
    const { used, max } = slots;
    this.log.push({ at: Date.now(), kind: 'slots', direction: 'received', fields: { used, max }, data: slots });
  }

  online(users: OnlineUsers): void {
    const at = Date.now();
    const json = JSON.stringify(users);
    this.log.push({ at, kind: 'online', direction: 'received', fields: { json }, data: users, own: true });
    this.log.push({ at, kind: 'online.count', direction: 'received', fields: { n: users.count }, data: users, own: true });
  }

  synced(sync: Sync): void {
    const { count, seq } = sync;
    this.log.push({
      at: Date.now(),
      kind: 'sync',
      direction: 'received',
      fields: { n: count },
      note: `seq ${seq}`,
      data: sync,
      own: true,
    });
  }

  /** An event this page does not know is shown as it came. */
  unknown(name: string, data: unknown): void {
    if (events.has(name)) return;
    const note = data === undefined ? '' : JSON.stringify(data);
    this.log.push({ at: Date.now(), kind: 'event', direction: 'received', fields: { name }, note, data });
  }
}
