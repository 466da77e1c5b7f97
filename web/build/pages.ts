import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { bundle } from 'lightningcss';
import type { HtmlTagDescriptor, Plugin } from 'vite';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path));
const hash = (...parts: (string | Uint8Array)[]) => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('base64url').slice(0, 8);
};

/**
 * One hash for both languages: the server writes the language into the page, so
 * the address of the texts must differ by nothing else to be asked for early.
 */
const copyHash = hash(read('copy/tr.json'), read('copy/en.json'), read('build/pages.ts'));
const themePath = `assets/theme-${hash(read('src/theme/boot.js'))}.js`;

/** Where the texts of a language go; undefined for any other module. */
export function copyName(module: string | null): string | undefined {
  const lang = module?.match(/\/copy\/(tr|en)\.json$/)?.[1];
  return lang && `assets/copy-${lang}-${copyHash}.js`;
}

function css(minify: boolean): Uint8Array {
  // The first browsers with color-mix(); light-dark() is lowered for them.
  const targets = { chrome: 111 << 16, firefox: 113 << 16, safari: (16 << 16) | (4 << 8) };
  return bundle({ filename: resolve(root, 'src/style/turnike.css'), minify, targets }).code;
}

function noscript(): string {
  const text = (lang: string) => JSON.parse(read(`copy/${lang}.json`).toString())['app.noscript'];
  return ['tr', 'en'].map((lang) => `<p lang="${lang}">${text(lang)}</p>`).join('');
}

/**
 * What Vite does not do by itself for these pages: one plain stylesheet at a
 * fixed address (server-rendered pages link it too), the look before the first
 * paint, the texts of one language asked for together with the script, and no
 * texts of the operator's pages and mails in the browser.
 */
export function pages(): Plugin {
  let built = false;
  return {
    name: 'turnike-pages',
    enforce: 'pre',
    configResolved(config) {
      built = config.command === 'build';
    },
    load(id) {
      if (!/\/copy\/(tr|en)\.json$/.test(id)) return null;
      const all: Record<string, string> = JSON.parse(readFileSync(id).toString());
      const shown = Object.fromEntries(Object.entries(all).filter(([key]) => !/^(admin|mail|host)\./.test(key)));
      return { code: `export default ${JSON.stringify(shown)}`, moduleType: 'js' };
    },
    configureServer(server) {
      server.middlewares.use((req, res, next) => {
        const name = basename(req.url ?? '');
        const send = (type: string, body: Uint8Array) => res.setHeader('Content-Type', type).end(body);
        if (req.url === '/socket') req.url = '/socket.html';
        if (name === 'turnike.css') send('text/css', css(false));
        else if (name === 'favicon.svg') send('image/svg+xml', read('src/style/favicon.svg'));
        else if (name === basename(themePath)) send('text/javascript', read('src/theme/boot.js'));
        else next();
      });
    },
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        const tags: HtmlTagDescriptor[] = [
          { tag: 'script', attrs: { src: `./${themePath}` }, injectTo: 'head' },
          { tag: 'link', attrs: { rel: 'stylesheet', href: './assets/turnike.css' }, injectTo: 'head' },
          { tag: 'link', attrs: { rel: 'icon', href: './assets/favicon.svg', type: 'image/svg+xml' }, injectTo: 'head' },
        ];
        if (built) {
          const href = `./assets/copy-__LANG__-${copyHash}.js`;
          tags.push({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href }, injectTo: 'head' });
        }
        return { html: html.replace('<!--noscript-->', `<noscript>${noscript()}</noscript>`), tags };
      },
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'assets/turnike.css', source: css(true) });
      this.emitFile({ type: 'asset', fileName: 'assets/favicon.svg', source: read('src/style/favicon.svg') });
      this.emitFile({ type: 'asset', fileName: themePath, source: read('src/theme/boot.js') });
    },
    writeBundle(options) {
      writeFileSync(resolve(options.dir ?? 'dist', '.gitkeep'), '');
    },
  };
}
