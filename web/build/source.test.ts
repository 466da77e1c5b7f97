import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !/\.test\.ts$/.test(name))
  .map((name) => ({ name, text: readFileSync(resolve(src, name), 'utf8') }));

test('nothing writes markup or style by hand [SEC-33]', () => {
  expect(sources.length).toBeGreaterThan(30);
  for (const { name, text } of sources) {
    expect(text, name).not.toMatch(/\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
    expect(text, name).not.toMatch(/\sstyle="/);
  }
});

test('no credential is ever kept where a script can read it [SEC-17]', () => {
  for (const { name, text } of sources) {
    if (!/(local|session)Storage|document\.cookie/.test(text)) continue;
    expect(text, name).not.toMatch(/token|password/i);
  }
});

test('every name of a person is isolated from the text around it', () => {
  for (const { name, text } of sources.filter(({ name }) => name.endsWith('.svelte'))) {
    for (const match of text.matchAll(/<(\w+)[^<>]*>\{(?:face|store\.self\?)\.(?:name|username)\}/g)) {
      expect(match[1], `${name}: ${match[0]}`).toBe('bdi');
    }
  }
});
