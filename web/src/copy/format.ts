import { fill } from './fill';
import type { Catalog, Key, Lang } from './key';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * A length of time in at most two units, by our own table: "12 dk 44 sn",
 * "7 s", "12 ms". Intl's short forms ("dk.", "msn") are not what people write.
 * Up to a day seconds follow minutes and minutes follow hours.
 */
export function duration(lang: Lang, texts: Catalog, ms: number): string {
  const unit = (key: Key, n: number) => fill(lang, texts[key], { n });
  const two = (a: Key, n: number, b: Key, m: number) => (m > 0 ? `${unit(a, n)} ${unit(b, m)}` : unit(a, n));
  const span = Math.max(0, ms);
  if (span < second) return unit('dur.ms', Math.round(span));
  const s = Math.round(span / second);
  if (s < 60) return unit('dur.s', s);
  if (s < 3600) return two('dur.min', Math.floor(s / 60), 'dur.s', s % 60);
  const m = Math.floor(s / 60);
  if (m < 24 * 60) return two('dur.h', Math.floor(m / 60), 'dur.min', m % 60);
  const h = Math.floor(m / 60);
  return two('dur.d', Math.floor(h / 24), 'dur.h', h % 24);
}

/** Whole seconds, never 0 while time is left: for countdowns. */
export function countdown(lang: Lang, texts: Catalog, ms: number): string {
  return duration(lang, texts, Math.max(1, Math.ceil(ms / second)) * second);
}

/** How long ago something was, in one unit: people ask "roughly when". */
export function ago(lang: Lang, texts: Catalog, ms: number): string {
  if (ms < minute) return texts['ago.now'];
  let whole = Math.floor(ms / minute) * minute;
  if (ms >= hour) whole = Math.floor(ms / hour) * hour;
  if (ms >= day) whole = Math.floor(ms / day) * day;
  return fill(lang, texts['ago'], { dur: duration(lang, texts, whole) });
}

/** How long somebody has been inside, as the seat picture says it. */
export function inside(lang: Lang, texts: Catalog, ms: number): string {
  if (ms < minute) return texts['seat.since.now'];
  if (ms < hour) return fill(lang, texts['seat.since.min'], { n: Math.floor(ms / minute) });
  if (ms < day) return fill(lang, texts['seat.since.h'], { n: Math.floor(ms / hour) });
  return fill(lang, texts['seat.since.d'], { n: Math.floor(ms / day) });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  // A browser set to one of our languages keeps its own region's order.
  const region = globalThis.navigator?.language ?? '';
  const locale = region.toLowerCase().startsWith(`${lang}-`) ? region : lang === 'en' ? 'en-GB' : lang;
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, options)));
  return format;
}

const pad = (n: number) => String(n).padStart(2, '0');

/** HH:mm:ss in the viewer's zone, always 24 h. */
export function clock(at: number): string {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

/** HH:mm, or with the date when it is not today: "23 Kas 09:10". */
export function moment(lang: Lang, at: number, now: number): string {
  const time = clock(at).slice(0, 5);
  if (new Date(at).toDateString() === new Date(now).toDateString()) return time;
  return dateTime(lang, at);
}

/** A date and time for something hours away: "23 Kas 09:10". */
export function dateTime(lang: Lang, at: number): string {
  return dateFormat(lang, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** A share of one in whole percent: %62 in Turkish, 62% in English. */
export function percent(lang: Lang, share: number): string {
  return new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}
