import type tr from '../../copy/tr.json';

/** Name of a text. A key that is not in the catalog does not compile. */
export type Key = keyof typeof tr;

/** A whole catalog in one language. */
export type Catalog = Record<Key, string>;

/** Languages the texts exist in; the first is used when nothing is known. */
export const languages = ['tr', 'en'] as const;
export type Lang = (typeof languages)[number];

/** Values for the blanks of a text. */
export type Fields = Record<string, string | number>;

export function isLang(value: unknown): value is Lang {
  return value === 'tr' || value === 'en';
}
