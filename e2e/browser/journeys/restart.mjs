export default async function restart(world) {
  const [ali, veli] = world.people;
  const one = await world.visitor();
  await one.enter(ali);
  const two = await world.visitor({ lang: 'en' });
  await two.enter(veli);
  await one.seats(2, 3);
  for (const how of ['restart', 'kill']) {
    await world.ask(how);
    // The pages come back by themselves, on the same session and seat.
    for (const v of [one, two]) {
      await v.sees('status.online');
      await v.seats(2, 3);
    }
  }
}
