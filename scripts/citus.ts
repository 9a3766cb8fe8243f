import { findCitus, startCluster } from '../test/citus/cluster.js';

// npx tsx scripts/citus.ts [DATABASE...]: a coordinator and two workers on loopback until Ctrl-C, with these databases.
const found = findCitus();
if ('missing' in found) {
  process.stdout.write(`Skipped: ${found.missing}.\n`);
} else {
  const cluster = await startCluster();
  for (const name of process.argv.slice(2)) process.stdout.write(`${await cluster.createDatabase(name)}\n`);
  process.stdout.write(`coordinator ${cluster.url('postgres')}\n`);
  process.stdout.write(`worker 1    ${cluster.workerUrl(1, 'postgres')}\n`);
  process.stdout.write(`worker 2    ${cluster.workerUrl(2, 'postgres')}\n`);
  const stop = async () => {
    await cluster.stop();
    process.exit(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
