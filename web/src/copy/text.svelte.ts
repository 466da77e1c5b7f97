import { fill } from './fill';
import * as format from './format';
import { isLang, languages, type Catalog, type Fields, type Key, type Lang } from './key';

/**
 * The words of the page: one language is loaded; another one replaces it when
 * it is chosen, without a reload (that would cost the connection).
 */
class Words {
  lang = $state.raw<Lang>(languages[0]);
  texts = $state.raw<Catalog>({} as Catalog);
}

const words = new Words();

const load: Record<Lang, () => Promise<{ default: Catalog }>> = {
  tr: () => import('../../copy/tr.json'),
  en: () => import('../../copy/en.json'),
};

/** The text of a key in the language of the page. */
export function t(key: Key, fields?: Fields): string {
  return fill(words.lang, words.texts[key] ?? key, fields);
}

/** True when the catalog knows the key; for keys put together from codes. */
export function known(key: string): key is Key {
  return key in words.texts;
}

export const lang = () => words.lang;
export const texts = () => words.texts;

export const dur = (ms: number) => format.duration(words.lang, words.texts, ms);
export const left = (ms: number) => format.countdown(words.lang, words.texts, ms);
export const ago = (ms: number) => format.ago(words.lang, words.texts, ms);
export const inside = (ms: number) => format.inside(words.lang, words.texts, ms);
export const moment = (at: number, now: number) => format.moment(words.lang, at, now);
export const dateTime = (at: number) => format.dateTime(words.lang, at);
export const percent = (share: number) => format.percent(words.lang, share);
export { clock } from './format';

/** Loads a language and makes the page speak it. */
export async function speak(wanted: Lang): Promise<void> {
  const catalog = await load[wanted]();
  words.texts = catalog.default;
  words.lang = wanted;
  document.documentElement.lang = wanted;
}

/** The language the server wrote into the page, else the browser's. */
export function given(): Lang {
  const written = document.documentElement.lang;
  if (isLang(written)) return written;
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLang);
  return spoken ?? languages[0];
}

/** Changes the language and remembers it where the server sees it as well. */
export async function choose(wanted: Lang): Promise<void> {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `lang=${wanted}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  await speak(wanted);
}
