/** What the server sends about who is inside; names are the contract's. */

export type State = 'online' | 'reconnecting';

export interface Slots {
  pool: string;
  max: number;
  used: number;
  available: number;
  epoch: string;
  seq: number;
}

export interface Entry {
  username: string;
  state: State;
  /** RFC 3339: inside since, or for reconnecting lost since. */
  since: string;
  connections: number;
}

export interface Sync {
  epoch: string;
  seq: number;
  users: Entry[];
  count: number;
}

export interface Status {
  username: string;
  status: State | 'offline';
  since: string;
  reason?: string;
  count: number;
  epoch: string;
  seq: number;
}
