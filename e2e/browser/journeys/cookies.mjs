import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, launchWith, Visitor } from '../world.mjs';

// A browser that does not keep the session's cookie: the page says so, and no
// session is left behind. Three causes: something in between takes the cookie
// away, the address is not secure, and the person's settings forbid cookies.
export default async function cookies(world) {
  const [ali] = world.people;
  const proxy = await withoutCookies(world.url);
  proxy.unref(); // a failed journey must end
  const { port } = proxy.address();

  const stripped = await world.visitor();
  await tries(stripped, `http://127.0.0.1:${port}/`, 'err.no_cookie.b');
  await world.ask('no sessions');

  const insecure = await launch(['--host-resolver-rules=MAP turnike.test 127.0.0.1']);
  const visitor = new Visitor(world, await insecure.newContext({ locale: 'en-GB' }), 'en');
  await visitor.tab();
  await tries(visitor, `http://turnike.test:${port}/`, 'err.no_cookie.http');
  await insecure.close();
  await world.ask('no sessions');

  const profile = mkdtempSync(join(tmpdir(), 'turnike-'));
  mkdirSync(join(profile, 'Default'));
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const context = await launchWith(profile, { ignoreHTTPSErrors: true, locale: 'tr-TR' });
  const strict = new Visitor(world, context, 'tr');
  await strict.tab();
  await tries(strict, `${world.url}/`, 'err.no_cookie.b');
  await context.close();
  await world.ask('no sessions');
  proxy.close();
  proxy.closeAllConnections();

  async function tries(who, address, body) {
    await who.page.goto(address);
    for (let i = 0; i < 2; i++) {
      await who.fill(ali, world.password);
      await who.reads(who.say('err.no_cookie.t'));
      await who.reads(who.say(body));
      await who.page.getByRole('button', { name: who.say('login.submit'), exact: true }).waitFor();
    }
    assert.equal(await who.page.getByText(who.say('err.invalid_credentials.t')).count(), 0);
  }
}

/** A proxy that passes on everything but the cookies that the server sets. */
function withoutCookies(url) {
  const proxy = createServer((from, to) => {
    const headers = { ...from.headers, host: new URL(url).host };
    if (headers.origin) headers.origin = url;
    const on = request(url + from.url, { method: from.method, headers, rejectUnauthorized: false }, (answer) => {
      const { 'set-cookie': _, ...kept } = answer.headers;
      delete kept['strict-transport-security'];
      to.writeHead(answer.statusCode, kept);
      answer.pipe(to);
    });
    on.on('error', () => to.destroy());
    from.pipe(on);
  });
  return new Promise((done) => proxy.listen(0, '127.0.0.1', () => done(proxy)));
}
