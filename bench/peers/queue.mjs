// BullMQ as its documentation has it: jobs added one by one with 50 in flight, then drained by one worker with 200 at a time.
// Usage: node queue.mjs PORT JOBS ROUNDS. Prints one JSON line: the jobs a second of each round.
import { Queue, Worker } from 'bullmq';

const [port, jobs, rounds] = process.argv.slice(2).map(Number);
const IN_FLIGHT = 50;
const PLACES = 200;
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };

async function add(queue) {
  let next = 0;
  const sender = async () => {
    while (next < jobs) await queue.add('noop', { n: next++ }, { removeOnComplete: true });
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  return (jobs * 1000) / (performance.now() - started);
}

async function drain(name) {
  const worker = new Worker(name, async () => {}, { connection, concurrency: PLACES, autorun: false });
  await worker.waitUntilReady();
  let left = jobs;
  const started = performance.now();
  await new Promise((resolve) => {
    worker.on('completed', () => (--left === 0 ? resolve() : undefined));
    worker.run();
  });
  const took = performance.now() - started;
  await worker.close();
  return (jobs * 1000) / took;
}

const figures = { add: [], process: [] };
for (let round = 0; round < rounds; round++) {
  const name = `bench-${round}`;
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  figures.add.push(await add(queue));
  figures.process.push(await drain(name));
  await queue.obliterate();
  await queue.close();
}
console.log(JSON.stringify(figures));
