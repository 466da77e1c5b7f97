import assert from 'node:assert/strict';

export default async function operator(world) {
  const [ali, veli, ayse] = world.people;
  const one = await world.visitor();
  await one.enter(ali);
  const sockets = [];
  one.page.on('websocket', (ws) => sockets.push(ws.url()));
  one.page.on('request', (r) => r.url().includes('/socket.io/') && sockets.push(r.url()));
  await world.ask('end');
  await one.notice('end.ended_by_admin.t');
  // The operator's words are shown as they are, and are never markup.
  await one.reads('<b>Bakım</b> var', {});
  assert.match(await one.page.title(), new RegExp(one.say('app.title.ended')));

  const two = await world.visitor({ lang: 'en' });
  await two.enter(veli);
  await world.ask('password');
  await two.notice('end.password_changed.t');

  const three = await world.visitor({ width: 320, height: 640 });
  await three.enter(ayse);
  await world.ask('disable');
  await three.notice('end.account_disabled.t');

  // Admins take no seat and are in no list [A8].
  const admin = await world.visitor();
  await admin.enter(world.admin);
  await admin.seats(0, 3);
  await admin.reads(admin.say('seats.admin'));

  // UI-5: since its end the first page has asked for nothing.
  assert.deepEqual(sockets, []);
}
