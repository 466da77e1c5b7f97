// Runs one journey: node run.mjs NAME WORLD. Exit code 0 when all of it held.
import { World } from './world.mjs';

const [, , name, told] = process.argv;
const { default: journey } = await import(`./journeys/${name}.mjs`);
const world = await World.open(JSON.parse(told));
try {
  await journey(world);
  world.checkReports();
} catch (error) {
  await world.shootAll(`failed-${name}`);
  console.error(error.stack ?? error);
  process.exitCode = 1;
} finally {
  await world.close();
  process.stdin.destroy();
}
