import type { Fields, Key } from '../copy/key';

/** What a row of the log is about; each has a text "log.…". */
export type Kind =
  | 'connect'
  | 'connect_error'
  | 'closed'
  | 'register'
  | 'response'
  | 'user.in'
  | 'user.out'
  | 'user.rec'
  | 'user.back'
  | 'slots'
  | 'online'
  | 'online.count'
  | 'ping'
  | 'pong'
  | 'gap'
  | 'sync'
  | 'ended'
  | 'retry'
  | 'error'
  | 'folded'
  | 'event';

/** The filter a row belongs to. */
export type Group = 'users' | 'seats' | 'ping' | 'system';

/** Sent by us, received, or a fact of the page's own. */
export type Direction = 'sent' | 'received' | 'note';

/** A row as it is reported; the log adds id and repetition. */
export interface Report {
  at: number;
  kind: Kind;
  direction: Direction;
  /** Values for the text; language-free, so that the buffer can change language. */
  fields?: Fields;
  /** Shown after the text, on the same line. */
  note?: string;
  /** The wire's own payload, for the row's details. Never a credential. */
  data?: unknown;
  /** Ours: never folded into a crowd. */
  own?: boolean;
  /** The latency ping of every five seconds: hidden unless asked for. */
  auto?: boolean;
}

export interface Entry extends Report {
  id: number;
  group: Group;
  /** How many equal rows in a row this stands for. */
  times: number;
}

const groups: Record<Kind, Group> = {
  connect: 'system',
  connect_error: 'system',
  closed: 'system',
  register: 'system',
  response: 'system',
  'user.in': 'users',
  'user.out': 'users',
  'user.rec': 'users',
  'user.back': 'users',
  slots: 'seats',
  online: 'users',
  'online.count': 'users',
  ping: 'ping',
  pong: 'ping',
  gap: 'system',
  sync: 'users',
  ended: 'system',
  retry: 'system',
  error: 'system',
  folded: 'users',
  event: 'system',
};

export const groupOf = (kind: Kind): Group => groups[kind];

/** Rows that fold into a crowd when events come faster than one can read. */
export const crowds = (report: Report): boolean =>
  !report.own && (report.kind === 'slots' || report.kind.startsWith('user.'));

/** Rows that read the same. */
export const same = (a: Report, b: Report): boolean =>
  a.kind === b.kind &&
  a.direction === b.direction &&
  a.auto === b.auto &&
  a.kind !== 'folded' &&
  a.note === b.note &&
  JSON.stringify(a.fields) === JSON.stringify(b.fields);

export const keyOf = (kind: Exclude<Kind, 'event'>): Key => `log.${kind}` as Key;
