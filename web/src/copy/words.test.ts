import { describe, expect, test } from 'vitest';
import tr from '../../copy/tr.json';
import en from '../../copy/en.json';
import { fill } from './fill';
import { ago, clock, countdown, duration, inside, percent } from './format';

const languages = { tr, en } as const;
const keys = Object.keys(tr) as (keyof typeof tr)[];
const blanks = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

describe('words', () => {
  test('the languages have the same keys, none is empty', () => {
    expect(Object.keys(en)).toEqual(keys);
    for (const texts of [tr, en]) for (const key of keys) expect(texts[key].trim(), key).not.toBe('');
  });

  test('the languages fill the same blanks', () => {
    for (const key of keys) expect(blanks(en[key]), key).toEqual(blanks(tr[key]));
  });

  test('no suffix on a value, no letter after one', () => {
    for (const [lang, texts] of Object.entries(languages)) {
      for (const key of keys) {
        expect(texts[key], `${lang} ${key}`).not.toMatch(/\}\p{L}/u);
        if (lang === 'tr') expect(texts[key], key).not.toMatch(/\}['’]/);
      }
    }
  });

  test('no blame, no alarm', () => {
    for (const key of keys.filter((key) => !key.startsWith('api.'))) { // those are for developers
      const text = tr[key].toLocaleLowerCase('tr');
      for (const word of ['hata oluştu', 'lütfen', 'başarısız oldu', 'soket', 'token']) expect(text, key).not.toContain(word);
      expect(tr[key], key).not.toContain('!');
      expect(en[key], key).not.toContain('!');
    }
  });

  test('Turkish has one form after a number', () => {
    for (const key of keys) expect(tr[key], key).not.toContain(' | ');
  });

  const titled = `invalid_credentials rate_limited login_busy store_unavailable not_found internal`.split(' ');
  const plain = `bad_request payload_too_large unsupported_media_type unauthorized forbidden cross_origin not_registered
    token_mismatch username_mismatch event_rate_limited method_not_allowed`.split(/\s+/);
  const ends = `replaced ended_by_admin expired idle account_disabled logged_out password_changed role_changed
    register_timeout seat_lost rotated invalid_token`.split(/\s+/);
  const others = ['full.t', 'full.b.login', 'full.b.session', 'already_active.t', 'already_active.b', 'takeover_required.t',
    'takeover_required.b', 'ask.t', 'ask.b', 'end.replaced.tab.t', 'end.replaced.tab.b', 'end.tabs.t', 'end.tabs.b', 'drain.t',
    'drain.b', 'slow.b', 'err.unknown'];
  test.each([
    ...titled.flatMap((code) => [`err.${code}.t`, `err.${code}.b`]),
    ...plain.map((code) => `err.${code}`),
    ...ends.flatMap((code) => [`end.${code}.t`, `end.${code}.b`]),
    ...others,
  ])('the contract needs %s', (key) => {
    expect(tr).toHaveProperty([key]);
  });
});

describe('fill', () => {
  test('blanks, numbers and plurals', () => {
    expect(fill('tr', tr['seats.used'], { used: 6201, max: 10000 })).toBe('6.201 / 10.000 dolu');
    expect(fill('en', en['seats.used'], { used: 6201, max: 10000 })).toBe('6,201 / 10,000 taken');
    expect(fill('en', en['seats.free'], { n: 1 })).toBe('1 seat free');
    expect(fill('en', en['seats.free'], { n: 0 })).toBe('0 seats free');
    expect(fill('tr', tr['pool.label'], {})).toBe('Havuz: {pool}');
    expect(fill('tr', '{name}', { name: '{n}', n: 1 })).toBe('{n}');
  });
});

describe('format', () => {
  test.each([
    [12, '12 ms', '12 ms'],
    [7000, '7 sn', '7 s'],
    [59_600, '1 dk', '1 min'],
    [764_000, '12 dk 44 sn', '12 min 44 s'],
    [7_500_000, '2 sa 5 dk', '2 h 5 min'],
    [86_400_000, '1 gün', '1 d'],
    [-5, '0 ms', '0 ms'],
  ])('duration of %i', (ms, inTurkish, inEnglish) => {
    expect(duration('tr', tr, ms)).toBe(inTurkish);
    expect(duration('en', en, ms)).toBe(inEnglish);
  });
  test('a countdown ends with a second, not with nothing', () => {
    expect(countdown('tr', tr, 300)).toBe('1 sn');
    expect(countdown('tr', tr, 11_200)).toBe('12 sn');
  });
  test('ago in one unit', () => {
    expect(ago('tr', tr, 20_000)).toBe('az önce');
    expect(ago('tr', tr, 130_000)).toBe('2 dk önce');
    expect(ago('en', en, 7_500_000)).toBe('2 h ago');
  });
  test('inside', () => {
    expect(inside('tr', tr, 42 * 60_000)).toBe('42 dakikadır içeride');
    expect(inside('en', en, 25 * 3_600_000)).toBe('In for 1 day');
  });
  test('clock and percent', () => {
    expect(clock(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('03:04:05');
    expect(percent('tr', 0.62)).toBe('%62');
    expect(percent('en', 0.62)).toBe('62%');
  });
});
