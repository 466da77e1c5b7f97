import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const looks = ['light', 'dark'] as const;
type Look = (typeof looks)[number];

const tokens = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name!,
    { light: light!, dark: dark! },
  ]),
);

/** The neutral look of what is no longer live: token to token. */
const stale = Object.fromEntries(
  [...css.slice(css.indexOf('[data-stale]')).matchAll(/--([\w-]+): var\(--([\w-]+)\)/g)].map(([, name, to]) => [name!, to!]),
);

/** WCAG 2.2 relative luminance. */
function luminance(hex: string): number {
  const part = (i: number) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

function contrast(look: Look, on: string, ground: string): number {
  const [a, b] = [luminance(tokens[on]![look]), luminance(tokens[ground]![look])].sort((x, y) => y - x);
  return (a! + 0.05) / (b! + 0.05);
}

const grounds = ['bg', 'surface', 'sunken'];
const text: [string, string[]][] = [
  ['ink', [...grounds, 'accent-soft', 'warn-soft', 'bad-soft']],
  ['muted', [...grounds, 'accent-soft']],
  ['accent', [...grounds, 'accent-soft']],
  ['on-accent', ['accent']],
  ['warn', [...grounds, 'warn-soft']],
  ['bad', [...grounds, 'bad-soft']],
  ['on-held', ['held']],
];
const shapes: [string, string[]][] = [
  ['ctl', [...grounds]],
  ['warn-line', [...grounds, 'warn-soft']],
  ['mark', grounds],
  ['bad', grounds],
  ['held', [...grounds]],
  // The focus ring.
  ['accent', [...grounds, 'accent-soft']],
];

describe.each(looks)('contrast, %s', (look) => {
  test.each(text.flatMap(([on, under]) => under.map((ground) => [on, ground])))('text %s on %s is 4.5', (on, ground) => {
    expect(contrast(look, on!, ground!)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(shapes.flatMap(([on, under]) => under.map((ground) => [on, ground])))('shape %s on %s is 3', (on, ground) => {
    expect(contrast(look, on!, ground!)).toBeGreaterThanOrEqual(3);
  });

  test('what is stale can still be read [UI-4]', () => {
    const now = (name: string) => stale[name] ?? name;
    for (const [on, under] of text) {
      for (const ground of under) {
        expect(contrast(look, now(on), now(ground)), `${on} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});

test('every colour has both looks, and nothing outside this file has a colour of its own', () => {
  expect(Object.keys(tokens)).toHaveLength(18);
  const sheets = 'base control mark login notice header console seat user stat log'.split(' ');
  for (const name of sheets) {
    const sheet = readFileSync(new URL(`./${name}.css`, import.meta.url), 'utf8');
    expect(sheet.match(/#[0-9a-f]{3,8}\b|rgba?\(/i), name).toBeNull();
  }
});
