import assert from 'node:assert/strict';

// Two devices keep replacing each other until a login has to be confirmed [A6];
// then the same for a pool that asks [A4], one that denies, and for guesses [SEC-06].
export default async function takeover(world) {
  const [ali, veli, ayse, fatma] = world.people;
  const laptop = await world.visitor();
  const phone = await world.visitor({ lang: 'en', width: 320, height: 640, dark: true });
  for (const who of [laptop, phone, laptop, phone, laptop]) await who.login(ali);
  await laptop.sees('status.online');

  await phone.go('/');
  await phone.fill(ali, world.password);
  const title = await phone.notice('takeover_required.t');
  assert.ok(await title.evaluate((h1) => h1 === document.activeElement), 'focus is on the notice');
  assert.equal(await phone.page.locator('#password').count(), 0, 'no password field beside it [UI-3]');
  for (const key of ['takeover_required.b', 'takeover_required.now']) await phone.reads(phone.say(key));
  await phone.shoot('not-war-320-en');
  const { scrollWidth, innerWidth } = await phone.page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, innerWidth }));
  assert.equal(scrollWidth, innerWidth);

  // Who gives up changes nothing; who goes on ends the other.
  await phone.page.getByRole('button', { name: phone.say('btn.cancel'), exact: true }).click();
  await phone.reads(phone.say('login.h1'));
  await laptop.sees('status.online');
  await phone.fill(ali, world.password);
  await phone.notice('takeover_required.t');
  await phone.page.getByRole('button', { name: phone.say('btn.continue'), exact: true }).click();
  await phone.page.waitForURL('**/socket');
  await laptop.notice('end.replaced.t');

  await laptop.go('/');
  await laptop.fill(ali, world.password);
  await laptop.notice('takeover_required.t');
  await laptop.shoot('not-war-1440-tr');

  // The pool asks: which of the two?
  await world.ask('ask');
  const guests = [await world.visitor(), await world.visitor({ lang: 'en' })];
  for (const guest of guests) await guest.enter(veli);
  const wide = await world.visitor();
  await wide.go('/');
  await wide.fill(veli, world.password);
  await wide.notice('ask.t');
  assert.equal(await wide.page.getByRole('radio').count(), 2);
  await wide.shoot('not-ask-1440-tr');
  await wide.page.setViewportSize({ width: 320, height: 640 });
  await wide.shoot('not-ask-320-tr');
  await wide.page.getByRole('radio').nth(1).check();
  await wide.page.getByRole('button', { name: wide.say('btn.continue'), exact: true }).click();
  await wide.page.waitForURL('**/socket');
  await guests[1].notice('end.replaced.t');
  await guests[0].sees('status.online');
  for (const v of [...guests, wide, phone]) await v.leave();

  // The pool denies.
  await world.ask('deny');
  const owner = await world.visitor();
  await owner.enter(ayse);
  const late = await world.visitor({ width: 320, height: 640 });
  await late.go('/');
  await late.fill(ayse, world.password);
  await late.notice('already_active.t');
  await late.shoot('not-deny-320-tr');
  await owner.sees('status.online');

  // Too many wrong passwords: how long to wait, beside the form.
  const guesser = await world.visitor();
  await guesser.go('/');
  for (let i = 0; i < 3; i++) {
    await guesser.fill(fatma, `yanlis-parola-${i}`);
    await guesser.page.waitForFunction(() => document.querySelector('#password').value === '');
  }
  await guesser.fill(fatma, world.password);
  await guesser.reads(guesser.say('err.rate_limited.t'));
  await guesser.page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));
  // The pointer is still on the button, which must be legible all the same.
  const [ground, wanted] = await guesser.page.locator('button[type=submit]').evaluate((button) => {
    const probe = document.createElement('i');
    probe.style.backgroundColor = 'var(--sunken)';
    button.append(probe);
    const colours = [button, probe].map((e) => getComputedStyle(e).backgroundColor);
    probe.remove();
    return colours;
  });
  assert.equal(ground, wanted);
  await guesser.shoot('login-limited-1440-tr');
}
