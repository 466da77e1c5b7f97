import assert from 'node:assert/strict';

export default async function seats(world) {
  const [ali, veli, ayse, fatma] = world.people;
  const first = await world.visitor();
  await first.go('/socket'); // nobody yet: to the login page
  await first.page.waitForURL(world.url + '/');

  // A wrong password says so beside the form and empties only the password.
  await first.fill(ali, 'yanlis-bir-parola');
  await first.reads(first.say('err.invalid_credentials.t'));
  assert.equal(await first.page.getByLabel(first.say('login.user'), { exact: true }).inputValue(), ali);
  assert.equal(await first.page.locator('#password').inputValue(), '');

  await first.enter(ali);
  await first.seats(1, 3);
  const second = await world.visitor();
  await second.enter(veli);
  const third = await world.visitor({ lang: 'en' });
  await third.enter(ayse);
  for (const v of [first, second, third]) await v.seats(3, 3);
  for (const name of [ali, veli, ayse]) await third.reads(name);

  // SEC-17: no token where a script could read it.
  const storage = await first.page.evaluate(async () => {
    const names = (await indexedDB.databases()).map((d) => d.name);
    return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, names]);
  });
  assert.doesNotMatch(storage, /eyJ/);
  assert.doesNotMatch(storage, /__Host/);

  // S9: the fourth is told that the house is full, never that the login failed.
  const fourth = await world.visitor();
  await fourth.login(fatma);
  await fourth.notice('full.t');
  await fourth.reads(fourth.say('full.b.session', { max: 3 }));
  assert.equal(await fourth.page.getByText(fourth.say('err.invalid_credentials.t')).count(), 0);

  // A3, K3: the same account elsewhere; the first is told why, at once.
  const elsewhere = await world.visitor();
  await elsewhere.login(ali);
  const title = await first.notice('end.replaced.t');
  assert.ok(await title.evaluate((h1) => h1 === document.activeElement), 'focus is on the notice [UI-5]');
  await elsewhere.sees('status.online');
  await elsewhere.seats(3, 3);
  await second.seats(3, 3);

  // A logout frees the seat at once, for everybody to see.
  await second.page.getByRole('button', { name: new RegExp(veli) }).click();
  await second.page.getByRole('button', { name: second.say('btn.logout'), exact: true }).click();
  await second.reads(second.say('login.done.out'));
  await elsewhere.seats(2, 3);
  await third.seats(2, 3);

  // The fourth is told, and comes in by pressing the button.
  await fourth.notice('full.free.t');
  await fourth.page.getByRole('button', { name: fourth.say('btn.enter'), exact: true }).click();
  await fourth.sees('status.online');
  await third.seats(3, 3);

  // Nothing retried by itself on the page that was put out.
  await first.notice('end.replaced.t');
  await first.page.getByRole('button', { name: first.say('btn.again'), exact: true }).or(
    first.page.getByRole('link', { name: first.say('btn.again'), exact: true })).click();
  await first.page.waitForURL(world.url + '/');
}
