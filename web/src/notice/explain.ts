import type { Key } from '../copy/key';
import { known, left, t } from '../copy/text.svelte';
import type { Failure } from '../live/protocol';

/** One sentence for a refused command, by its code; the server's own words only for codes we do not know. */
export function explain(failure: Pick<Failure, 'code' | 'message' | 'max' | 'retry_after'>): string {
  const { code, message, max = 0, retry_after = 5 } = failure;
  if (code === 'seat_limit') return t('full.t');
  for (const key of [`err.${code}.b`, `err.${code}`, `end.${code}.b`]) {
    if (known(key)) return t(key as Key, { max, dur: left(retry_after * 1000), id: '—' });
  }
  return t('err.unknown', { message, code });
}
