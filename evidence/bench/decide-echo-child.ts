import { readFileSync } from 'node:fs';
import { fastify } from 'fastify';

/** Bare Fastify that takes ad requests and answers what a decision API answered, in turn: `decide-echo-child.ts ANSWERS.json`. */
const [file = ''] = process.argv.slice(2);
const answers = (JSON.parse(readFileSync(file, 'utf8')) as string[]).map((each) => JSON.parse(each) as object);
let turn = 0;
const app = fastify();
app.post('/echo', async () => answers[turn++ % answers.length]);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url });
