import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

const dist = resolve(import.meta.dirname, '../dist');
const built = existsSync(resolve(dist, 'index.html'));

/** Everything a page loads in one language, following its scripts' imports. */
function assets(page: string): string[] {
  const html = readFileSync(resolve(dist, page), 'utf8').replaceAll('__LANG__', 'tr');
  const found = new Set<string>();
  const follow = (text: string, pattern: RegExp) => {
    for (const [, name] of text.matchAll(pattern)) {
      if (!name || found.has(name) || name.startsWith('copy-en')) continue;
      found.add(name);
      if (name.endsWith('.js')) follow(readFileSync(resolve(dist, 'assets', name), 'utf8'), /["'`]\.\/([\w.-]+\.js)["'`]/g);
    }
  };
  follow(html, /\/assets\/([\w.-]+)/g);
  return [...found];
}

/** What the server sends to a browser that takes gzip alone, the larger of the two forms. */
const zipped = (name: string) => statSync(resolve(dist, 'assets', `${name}.gz`)).size;

describe.runIf(built)('budget of the built pages', () => {
  test.each([
    ['index.html', 40_000],
    ['socket.html', 150_000],
  ])('%s is under %i bytes gzipped', (page, most) => {
    const sizes = assets(page).map((name) => [name, zipped(name)] as const);
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(page, total, Object.fromEntries(sizes));
    expect(sizes.length).toBeGreaterThan(4);
    expect(total).toBeLessThan(most);
  });

  test('every asset is the same in every form', () => {
    for (const name of [...assets('index.html'), ...assets('socket.html')]) {
      const form = (ending: string) => readFileSync(resolve(dist, 'assets', name + ending));
      expect(gunzipSync(form('.gz')).equals(form('')), name).toBe(true);
      expect(brotliDecompressSync(form('.br')).equals(form('')), name).toBe(true);
    }
  });

  test('the chart comes after the first paint', () => {
    expect(readFileSync(resolve(dist, 'socket.html'), 'utf8')).not.toContain('uPlot');
    expect(assets('socket.html').some((name) => name.startsWith('uPlot'))).toBe(true);
  });

  test('no inline script or style [SEC-33]', () => {
    for (const page of ['index.html', 'socket.html']) {
      const html = readFileSync(resolve(dist, page), 'utf8');
      expect(html).not.toMatch(/style=|<style|<script(?![^>]*\ssrc=)/);
      for (const marker of ['__LANG__', '__VERSION__', '__DEV__', '__TLS__']) expect(html).toContain(marker);
    }
  });
});
