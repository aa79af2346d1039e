import { seededRandom } from '../../engines/random.ts';
import { startRedisServer } from '../../engines/state-store/redis-fixture.ts';
import { openRedisStateStore } from '../../engines/state-store/redis-state-store.ts';
import { rawOfRedis } from './dump.ts';
import { rebuildCases } from './rebuild-cases.ts';

rebuildCases(async () => {
  const server = await startRedisServer();
  return {
    open: (_, clock) => openRedisStateStore({ url: server.url, random: seededRandom(clock, 5) }),
    raw: () => rawOfRedis(server),
    wipe: async () => {
      await server.ask('FLUSHALL');
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
});
