import assert from 'node:assert/strict';

const clock = (at) => new Date(at).toLocaleTimeString('tr-TR', { hour12: false });

// The network falls silent: nothing is closed, nothing answers. The page finds it
// out by itself, long before the server's heartbeat (minutes here).
export default async function network(world) {
  const [ali] = world.people;
  const visitor = await world.visitor();
  const { page } = visitor;
  world.url = world.url.replace('127.0.0.1', 'localhost');
  await page.clock.install();
  await visitor.enter(ali);

  // The browser knows it.
  await world.ask('freeze');
  const before = Date.now();
  await visitor.context.setOffline(true);
  const after = Date.now();
  await visitor.sees('status.reconnecting');
  const asOf = page.locator('.seats .as-of');
  await asOf.waitFor();
  const said = (await asOf.textContent()).match(/\d\d:\d\d:\d\d/)[0];
  assert.ok([clock(before), clock(after)].includes(said), `as of ${said}, lost at ${clock(before)}`);
  await world.ask('thaw');
  await visitor.context.setOffline(false);
  await visitor.sees('status.online');

  // Nobody knows it: a ping is not answered.
  await world.ask('freeze');
  await visitor.sees('status.reconnecting');
  await world.ask('thaw');
  await visitor.sees('status.online');

  // A server that was stopped says that it restarts; after a minute it is away.
  await world.ask('stop');
  await visitor.reads(visitor.say('drain.t'));
  await page.clock.fastForward(61_000);
  await visitor.notice('away.t');
  await visitor.page.waitForFunction((title) => document.title.startsWith(title), visitor.say('away.t'));
  await world.ask('start');
  await visitor.sees('status.online');
}
