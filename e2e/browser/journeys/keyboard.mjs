import assert from 'node:assert/strict';

/** Presses Tab until what has the focus matches; says where it went if not. */
async function tabTo(page, test, limit = 60) {
  const seen = [];
  for (let i = 0; i < limit; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const box = e.getBoundingClientRect();
      return { text: (e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 60), id: e.id, top: box.top, height: box.height };
    });
    seen.push(at.text || at.id);
    if (test(at)) {
      assert.ok(at.top >= 0, `${at.text}: the focus is hidden`);
      return at;
    }
  }
  assert.fail(`not reached by Tab: ${seen.join(' → ')}`);
}

export default async function keyboard(world) {
  const [ali] = world.people;
  const v = await world.visitor();
  await v.go('/');
  await v.page.locator('#username').waitFor();
  await v.page.waitForFunction(() => document.activeElement?.id === 'username');
  await v.page.keyboard.type(ali);
  await v.page.keyboard.press('Tab');
  await v.page.keyboard.type(world.password);
  await v.page.keyboard.press('Enter');
  await v.page.waitForURL('**/socket');
  await v.sees('status.online');

  // A ping by the toolbar: one stop, arrows move.
  await tabTo(v.page, (at) => at.text === v.say('cmd.ping'));
  await v.page.keyboard.press('Enter');
  await v.reads(/Pong/);
  await v.page.keyboard.press('ArrowRight');
  assert.equal(await v.page.evaluate(() => document.activeElement.textContent.trim()), v.say('cmd.who'));

  // Pause and resume the log.
  await tabTo(v.page, (at) => at.text === v.say('log.pause'));
  await v.page.keyboard.press('Enter');
  await v.page.getByRole('button', { name: v.say('log.resume'), exact: true }).waitFor();
  await v.page.keyboard.press('Enter');
  await v.page.getByRole('button', { name: v.say('log.pause'), exact: true }).waitFor();

  // Replaced: the focus is on the notice, the button is the next stop.
  const other = await world.visitor();
  await other.enter(ali);
  await v.notice('end.replaced.t');
  await v.page.keyboard.press('Tab');
  assert.equal(await v.page.evaluate(() => document.activeElement.textContent.trim()), v.say('btn.again'));
}
