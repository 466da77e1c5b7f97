import assert from 'node:assert/strict';

export default async function tabs(world) {
  const [ali] = world.people;
  const watcher = await world.visitor({ lang: 'en' });
  await watcher.enter(world.people[1]);

  // S3: a reload keeps the seat; nobody is told that anyone left.
  const one = await world.visitor();
  await one.enter(ali);
  await watcher.seats(2, 3);
  await one.page.reload();
  await one.sees('status.online');
  await watcher.seats(2, 3);

  // S1: the newest tab is connected, the older one is told and waits.
  const older = one.page;
  await one.tab();
  await one.go('/');
  await one.page.waitForURL('**/socket'); // a live session goes straight in
  await one.sees('status.online');
  const newer = one.page;
  one.page = older;
  await one.notice('end.replaced.tab.t');
  await watcher.seats(2, 3);
  await older.getByRole('button', { name: one.say('btn.here'), exact: true }).click();
  await one.sees('status.online');
  one.page = newer;
  await one.notice('end.replaced.tab.t');

  // A logout elsewhere in the same browser ends the session in every tab: the
  // connected one is told by the server, the other one by its sibling.
  const answer = await one.context.request.post(world.url + '/logout', { headers: { Origin: world.url } });
  assert.equal(answer.status(), 204);
  one.page = older;
  await one.notice('end.logged_out.t');
  one.page = newer;
  await one.notice('end.logged_out.t');
  await watcher.seats(1, 3);
}
