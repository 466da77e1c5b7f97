import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

/** What axe finds, and what a person would: no sideways scroll. */
async function inspect(visitor, state) {
  const { page } = visitor;
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));
  // The policy forbids foreign scripts to the page, not to the tester.
  const session = await visitor.context.newCDPSession(page);
  const source = (await import('node:fs')).readFileSync(axe, 'utf8');
  await session.send('Runtime.evaluate', { expression: source });
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, {runOnly: ${JSON.stringify(tags)}}).then(r => JSON.stringify(r.violations.map(v =>
      v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join('; '))))`,
    awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  assert.deepEqual(JSON.parse(result.value), [], `${state}: axe`);
  const { scroll, width } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, width: innerWidth }));
  assert.equal(scroll, width, `${state}: scrolls sideways`);
  await visitor.shoot(state);
}

// Every theme at a narrow and a wide size, every language in every theme; all
// twelve looks when somebody wants to see them.
const looks = [
  ['tr', false, 320], ['en', true, 320], ['tr', true, 768], ['en', false, 1440], ['tr', true, 1440],
];
const heights = { 320: 640, 768: 1024, 1440: 900 };

function allLooks() {
  return ['tr', 'en'].flatMap((lang) => [false, true].flatMap((dark) => [320, 768, 1440].map((width) => [lang, dark, width])));
}

export default async function accessibility(world) {
  const [ali, veli, ayse, fatma] = world.people;
  for (const name of [veli, ayse]) await (await world.visitor()).enter(name);
  for (const [lang, dark, width] of world.shots ? allLooks() : looks) {
    const look = `${lang}-${dark ? 'dark' : 'light'}-${width}`;
    const view = { lang, dark, width, height: heights[width] };
    const v = await world.visitor(view);
    await v.go('/');
    await v.page.getByRole('heading', { level: 1 }).waitFor();
    await inspect(v, `login-${look}`);
    if (width !== 768) {
      await v.fill(ali, 'yanlis-bir-parola');
      await v.reads(v.say('err.invalid_credentials.t'));
      await inspect(v, `wrong-${look}`);
    }
    await v.fill(ali, world.password);
    await v.sees('status.online');
    await v.seats(3, 3);
    await inspect(v, `console-${look}`);
    if (width === 320) {
      const full = await world.visitor(view);
      await full.login(fatma);
      await full.notice('full.t');
      await inspect(full, `full-${look}`);
      await full.leave();
    }
    await world.ask('end');
    await v.notice('end.ended_by_admin.t');
    await inspect(v, `ended-${look}`);
    await v.leave();
  }
}
