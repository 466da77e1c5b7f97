import { t } from '../copy/text.svelte';

/** The sentence of a full house; with one seat it says so in its own way. */
export function fullText(key: 'full.b.login' | 'full.b.session', max: number): string {
  const text = t(key, { max });
  if (max !== 1) return text;
  return `${t('full.all.one')} ${text.slice(text.indexOf('. ') + 2)}`;
}
