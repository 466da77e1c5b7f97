// What the journeys share: the browser, people in it, and the words they read.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const copies = Object.fromEntries(
  ['tr', 'en'].map((lang) => [lang, JSON.parse(readFileSync(new URL(`../../web/copy/${lang}.json`, import.meta.url)))]),
);

/** The text of a key with its blanks filled. */
export function say(lang, key, fields = {}) {
  let text = copies[lang][key];
  assert.ok(text !== undefined, `no text ${key}`);
  if (text.includes(' | ')) text = text.split(' | ')[fields.n === 1 ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (blank, name) => (name in fields ? String(fields[name]) : blank));
}

const how = (more = []) => ({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', ...more,
  ],
});

/** Starts a browser, with further arguments. */
export const launch = (more) => chromium.launch(how(more));

/** Starts a browser on a profile, which may have settings of its own; gives its context. */
export const launchWith = (profile, options) => chromium.launchPersistentContext(profile, { ...how(), ...options });

export class World {
  static async open(told) {
    const browser = await launch();
    const world = new World();
    Object.assign(world, told, { browser, visitors: [], reports: [], answers: createInterface({ input: process.stdin })[Symbol.asyncIterator]() });
    return world;
  }

  /** A browser of its own: cookies and storage are nobody else's. */
  async visitor({ lang = 'tr', dark = false, width = 1440, height = 900 } = {}) {
    const context = await this.browser.newContext({
      ignoreHTTPSErrors: true, locale: lang === 'tr' ? 'tr-TR' : 'en-GB', colorScheme: dark ? 'dark' : 'light',
      viewport: { width, height },
    });
    const visitor = new Visitor(this, context, lang);
    this.visitors.push(visitor);
    await visitor.tab();
    return visitor;
  }

  /** Lets the test do something to the server, and waits until it is done. */
  async ask(what) {
    console.log(JSON.stringify({ do: what }));
    await this.answers.next();
  }

  log(text) {
    console.log(JSON.stringify({ log: text }));
  }

  /** No page may have broken its content security policy or thrown. */
  checkReports() {
    assert.deepEqual(this.reports, []);
  }

  async shootAll(name) {
    if (!this.shots) return;
    for (const [i, v] of this.visitors.entries()) await v.shoot(`${name}-${i}`).catch(() => {});
  }

  async close() {
    await this.browser.close();
  }
}

export class Visitor {
  constructor(world, context, lang) {
    Object.assign(this, { world, context, lang });
  }

  /** Opens a tab; the newest is the one that is looked at. */
  async tab() {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(20_000);
    this.page.on('pageerror', (error) => this.world.reports.push(`error: ${error.message}`));
    this.page.on('console', (line) => {
      if (/content security policy|trusted ?type/i.test(line.text())) this.world.reports.push(line.text());
    });
    return this.page;
  }

  say(key, fields) {
    return say(this.lang, key, fields);
  }

  async go(path = '/') {
    await this.page.goto(this.world.url + path);
  }

  async fill(name, password) {
    await this.page.getByLabel(this.say('login.user'), { exact: true }).fill(name);
    await this.page.locator('#password').fill(password);
    await this.page.getByRole('button', { name: this.say('login.submit'), exact: true }).click();
  }

  /** Logs in and waits for the console. */
  async login(name) {
    await this.go('/');
    await this.fill(name, this.world.password);
    await this.page.waitForURL('**/socket');
  }

  /** Logs in and waits until it is inside. */
  async enter(name) {
    await this.login(name);
    await this.sees('status.online');
  }

  /** Waits until the pill says a status. */
  async sees(status) {
    await this.page.locator('header').getByText(this.say(status), { exact: true }).first().waitFor();
  }

  /** Waits for a text on the page; what is only said to screen readers counts too. */
  async reads(text, options = { exact: true }) {
    await this.page.getByText(text, options).first().waitFor();
  }

  /** Waits for the notice with that title. */
  async notice(key, fields) {
    const title = this.page.getByRole('heading', { level: 1, name: this.say(key, fields), exact: true });
    await title.waitFor();
    return title;
  }

  /** Waits until the seat card says "{used} / {max} dolu". */
  async seats(used, max) {
    const want = this.say('seats.used', { used, max }).replace(/\s+/g, '');
    await this.page.waitForFunction(
      (text) => document.querySelector('.seats-count .used')?.textContent.replace(/\s+/g, '') === text, want);
  }

  async shoot(name) {
    if (this.world.shots) await this.page.screenshot({ path: `${this.world.shots}/${name}.png`, fullPage: false });
  }

  async leave() {
    await this.context.close();
  }
}
