import assert from 'node:assert/strict';

// In front of a full pool: the page says when a seat is free, in its heading, its
// title and to screen readers; only the click takes it.
export default async function full(world) {
  const [ali, veli, ayse, fatma] = world.people;
  const inside = [];
  for (const name of [ali, veli, ayse]) {
    const visitor = await world.visitor();
    await visitor.enter(name);
    inside.push(visitor);
  }
  const waits = await world.visitor({ lang: 'en' });
  await waits.login(fatma);
  await waits.notice('full.t');
  await waits.reads(waits.say('full.watch'));
  await world.ask('past the time to register');

  const logout = async (visitor, name) => {
    await visitor.page.getByRole('button', { name: new RegExp(name) }).click();
    await visitor.page.getByRole('button', { name: visitor.say('btn.logout'), exact: true }).click();
    await visitor.page.waitForURL((url) => url.pathname === '/');
  };
  await logout(inside[0], ali);
  await waits.notice('full.free.t');
  await waits.page.waitForFunction((title) => document.title.startsWith(title), waits.say('full.free.t'));
  await waits.page.locator('[aria-live=assertive]').getByText(waits.say('full.free.t')).waitFor({ state: 'attached' });
  await inside[1].seats(2, 3);

  // Somebody else is quicker, and the page says that, too.
  await inside[0].enter(ali);
  await waits.notice('full.t');
  await logout(inside[1], veli);
  await waits.notice('full.free.t');
  await waits.page.getByRole('button', { name: waits.say('btn.enter'), exact: true }).click();
  await waits.sees('status.online');
  await waits.seats(3, 3);
  assert.equal(await waits.page.title(), waits.say('app.title.console', { status: waits.say('status.online') }));
}
