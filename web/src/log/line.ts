import { fill } from '../copy/fill';
import { clock } from '../copy/format';
import type { Catalog, Lang } from '../copy/key';
import { keyOf, type Entry } from './entry';

/** A row in words: what it is, and what it carries. */
export interface Line {
  time: string;
  kind: string;
  payload: string;
}

/**
 * Writes an entry in the language of the page. The catalog's text parts at its
 * first ": {" into kind and payload ("Yer durumu" and "2 / 3 dolu"); a text
 * without one is all kind.
 */
export function line(lang: Lang, texts: Catalog, entry: Entry): Line {
  const time = clock(entry.at);
  const note = entry.note ?? '';
  if (entry.kind === 'event') return { time, kind: String(entry.fields?.name ?? ''), payload: note };
  if (entry.kind === 'folded') {
    return { time, kind: texts['log.filter.users'], payload: fill(lang, texts['log.folded'], entry.fields) };
  }
  const text = texts[keyOf(entry.kind)];
  const whole = fill(lang, text, entry.fields);
  const at = text.includes(': {') ? whole.indexOf(': ') : -1;
  if (at < 0) return { time, kind: whole, payload: note };
  const payload = whole.slice(at + 2);
  return { time, kind: whole.slice(0, at), payload: note ? `${payload} · ${note}` : payload };
}

/** A row as it is copied, in the form of the first console of this kind. */
export function copied(lang: Lang, texts: Catalog, entry: Entry): string {
  const { time, kind, payload } = line(lang, texts, entry);
  const times = entry.times > 1 ? ` ×${entry.times}` : '';
  return `[${time}] ${kind}${payload ? `: ${payload}` : ''}${times}`;
}
