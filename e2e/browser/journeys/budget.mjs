// What the pages weigh on the wire, as Chromium counts it.
import assert from 'node:assert/strict';

/** Notes what a tab receives: by address the coding, the status and the bytes of the body. */
async function meter(visitor) {
  const wire = await visitor.context.newCDPSession(visitor.page);
  const requests = new Map();
  wire.on('Network.responseReceived', ({ requestId, response }) => {
    requests.set(requestId, { url: response.url, status: response.status, coding: response.headers['content-encoding'] ?? response.headers['Content-Encoding'], bytes: 0 });
  });
  wire.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
    if (requests.has(requestId)) requests.get(requestId).bytes += encodedDataLength;
  });
  await wire.send('Network.enable');
  return () => [...requests.values()].filter(({ url }) => !url.includes('/socket.io/'));
}

const sum = (list) => list.reduce((total, { bytes }) => total + bytes, 0);

export default async function (world) {
  const visitor = await world.visitor();
  const login = await meter(visitor);
  await visitor.go('/');
  await visitor.page.locator('#password').waitFor();
  await visitor.page.waitForLoadState('networkidle');
  const first = login();
  world.log(`login page: ${sum(first)} bytes; ${first.map(({ url, coding, bytes }) => `${new URL(url).pathname} ${coding} ${bytes}`).join(', ')}`);
  assert.ok(first.length >= 6, `only ${first.length} answers were seen`);
  assert.ok(sum(first) > 20_000 && sum(first) < 40_000, `the login page weighs ${sum(first)} bytes`);
  for (const { url, coding } of first) assert.equal(coding, url.includes('/assets/') ? 'br' : 'gzip', url);

  const other = await world.visitor();
  const console_ = await meter(other);
  await other.enter(world.people[0]);
  await other.page.waitForLoadState('networkidle').catch(() => {});
  const all = console_();
  world.log(`both pages: ${sum(all)} bytes`);
  assert.ok(sum(all) < 150_000, `both pages weigh ${sum(all)} bytes`);
}
