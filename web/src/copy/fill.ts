import type { Fields, Lang } from './key';

const plurals = new Map<Lang, Intl.PluralRules>();
const numbers = new Map<Lang, Intl.NumberFormat>();

/** Writes a number as the language does: 10.000 in Turkish, 10,000 in English. */
export function number(lang: Lang, value: number): string {
  let format = numbers.get(lang);
  if (!format) numbers.set(lang, (format = new Intl.NumberFormat(lang)));
  return format.format(value);
}

/**
 * Puts values into the blanks of a text. A text of two forms, "one | other",
 * is decided by the number n, or by used where the text counts nothing else.
 * Turkish nouns stay singular after a number, so Turkish has one form.
 */
export function fill(lang: Lang, text: string, fields: Fields = {}): string {
  const [one = '', other] = text.split(' | ');
  let form = one;
  if (other !== undefined) {
    let rules = plurals.get(lang);
    if (!rules) plurals.set(lang, (rules = new Intl.PluralRules(lang)));
    if (rules.select(Number(fields.n ?? fields.used)) !== 'one') form = other;
  }
  return form.replace(/\{(\w+)\}/g, (blank, name: string) => {
    const value = fields[name];
    if (value === undefined) return blank;
    return typeof value === 'number' ? number(lang, value) : value;
  });
}
