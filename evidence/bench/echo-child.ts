import { fastify } from 'fastify';

/** Bare Fastify: takes a request's body, answers one of the size of a pod's. Says its port, and its CPU so far when asked. */
const answer = { pod: { ads: [{ tracking: 'x'.repeat(1_550) }] } };
const app = fastify();
app.post('/echo', async () => answer);
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url });
