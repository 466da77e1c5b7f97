import type { Slots, Status, Sync } from '../roster/wire';

/** The user of this page. */
export interface Self {
  username: string;
  role: 'user' | 'admin';
  pool: string;
}

/** A registration that went well. */
export interface Registered {
  ok: true;
  username: string;
  /** The socket's id. */
  sid: string;
  user: Self;
  expires_at: string;
  grace_ms: number;
}

/** Any refused command. */
export interface Failure {
  ok: false;
  code: string;
  message: string;
  pool?: string;
  max?: number;
  used?: number;
  /** Seconds. */
  retry_after?: number;
}

/** The last event of a session or of a connection. */
export interface End {
  code: string;
  /** What an operator wrote, or "". */
  reason: string;
  message: string;
  at: string;
}

/** What a connect_error carries when the refusal is final. */
export interface Rejection {
  code: string;
  retry: false;
  reason?: string;
  at?: string;
}

export interface Pong {
  timestamp: string;
  server_time_ms: number;
  echo: unknown;
}

export interface OnlineUsers {
  users: string[];
  count: number;
}

export interface FromServer {
  response: (answer: Registered | Failure) => void;
  user_status: (status: Status) => void;
  connection_slots: (slots: Slots) => void;
  presence_sync: (sync: Sync) => void;
  online_users: (users: OnlineUsers) => void;
  pong_manual: (pong: Pong) => void;
  session_ended: (end: End) => void;
  connection_ended: (end: End) => void;
}

type Ack<T> = (answer: T | Failure) => void;

export interface ToServer {
  register_user: (payload: Record<string, never>, ack: Ack<Registered>) => void;
  get_online_users: (payload: Record<string, never>, ack: Ack<OnlineUsers>) => void;
  ping_manual: (payload: { n: number }, ack: Ack<Pong>) => void;
  connection_slots: (payload: Record<string, never>, ack: Ack<Slots>) => void;
  presence_sync: (payload: { epoch: string; seq: number }, ack: Ack<Sync>) => void;
}

/**
 * Ends of a connection whose session lives on: sibling tabs are not told
 * (UI-5). Everything else that ends, ends the session.
 */
export const connectionOnly: ReadonlySet<string> = new Set([
  'seat_lost',
  'seat_limit',
  'connection_replaced',
  'register_timeout',
  'rate_limited',
]);

/** Close codes after which one comes back by itself. */
export const comeBack = { draining: 4100, slow: 4101 } as const;

export const failed = (answer: object): answer is Failure => 'ok' in answer && answer.ok === false;
