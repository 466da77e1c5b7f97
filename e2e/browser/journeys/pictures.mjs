// Takes the pictures of README.md, in English and Turkish: a full pool, and the end of
// a session. This is not a test. Run it in e2e/browser against a server with three seats,
// with four users that have the same password:
//
//   node run.mjs pictures '{"url":"https://localhost:5000","password":"…","people":["Ayşe","Mehmet","Zeynep","Can"],"shots":"../../docs/images"}'
//
// It prints when a session must be ended, and continues after a line on stdin.
const size = { width: 660, height: 470 };

export default async function pictures(world) {
  for (const lang of ['en', 'tr']) {
    const [first, second, third, fourth] = world.people;
    const inside = [];
    for (const person of [first, second, third]) {
      const visitor = await world.visitor({ lang, ...size });
      await visitor.enter(person);
      inside.push(visitor);
    }
    for (const visitor of inside) await visitor.seats(3, 3);
    const late = await world.visitor({ lang, ...size });
    await late.login(fourth);
    await late.notice('full.t');
    await save(world, lang, 'full', inside[0], late);

    await world.ask(`turnike session end --user ${second} --reason, in: ${lang}`);
    await inside[1].notice('end.ended_by_admin.t');
    await save(world, lang, 'kick', inside[0], inside[1]);
    for (const visitor of [...inside, late]) await visitor.leave();
    await new Promise((done) => setTimeout(done, 16_000)); // seat.grace
  }
}

/** Saves two pages side by side. */
async function save(world, lang, name, ...visitors) {
  const images = [];
  for (const { page } of visitors) {
    await page.waitForTimeout(1500); // until nothing moves [UI-2]
    images.push(`<img src="data:image/png;base64,${(await page.screenshot()).toString('base64')}">`);
  }
  const sheet = await world.browser.newPage({ viewport: { width: 2 * size.width + 48, height: size.height + 32 } });
  await sheet.setContent(`<style>body{margin:16px;display:flex;gap:16px;background:#cfd6d3}img{border-radius:10px}</style>${images.join('')}`);
  await sheet.waitForTimeout(500);
  await sheet.screenshot({ path: `${world.shots}/${name}${lang === 'en' ? '' : `.${lang}`}.png` });
  await sheet.close();
}
