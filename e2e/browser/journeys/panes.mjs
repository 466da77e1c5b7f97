// A pane of a narrow page goes while events of its elements are still due.
export default async function panes(world) {
  const visitor = await world.visitor({ width: 320, height: 640 });
  await visitor.enter(world.people[0]);
  const { page } = visitor;
  const tab = (key) => page.getByRole('tab', { name: new RegExp(visitor.say(key)) });
  for (let i = 0; i < 5; i++) {
    await tab('tabs.log').click();
    await page.locator('.log').waitFor();
    await page.evaluate(() => {
      const log = document.querySelector('.log');
      log.firstElementChild.style.blockSize = '5000px'; // there is something to scroll
      log.scrollTop = -1000 - Math.random() * 1000; // from its end
      document.querySelector('[role=tab]').click();
    });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    // The chart's script and its first drawing come after its pane has gone.
    await tab('conn.h').click();
    await tab('seats.h').click();
    await page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
  }
}
