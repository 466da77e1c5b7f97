import type { Entry, Group } from './entry';

export const groups: readonly Group[] = ['users', 'seats', 'ping', 'system'];

/**
 * Which rows are shown: with nothing chosen all of them, except the latency
 * pings that the page sends by itself, which appear only when Ping is chosen.
 */
export function passes(chosen: ReadonlySet<Group>, entry: Entry): boolean {
  if (entry.auto && !chosen.has('ping')) return false;
  return chosen.size === 0 || chosen.has(entry.group);
}

/** The choice after a filter was pressed; all of them is the same as none. */
export function toggled(chosen: ReadonlySet<Group>, group: Group): ReadonlySet<Group> {
  const next = new Set(chosen);
  if (!next.delete(group)) next.add(group);
  return next;
}
