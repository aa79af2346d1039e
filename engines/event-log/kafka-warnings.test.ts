import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { silenceKafkaTimers } from './kafka-warnings.ts';

// Node tells of a negative timer once in the life of a process: in this file the first one is kafkajs's.
const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as new (
  options: object,
) => { scheduleCheckPendingRequests(): void };

test("kafkajs's own negative timer is not told, anybody else's and every other warning is", async () => {
  const told: string[] = [];
  const listen = ({ name, message }: Error) => told.push(`${name}: ${message.split('\n')[0]}`);
  process.on('warning', listen);
  silenceKafkaTimers();
  silenceKafkaTimers();
  try {
    // An empty queue looks after itself at the moment up to which it was throttled: -1, in 1969.
    const queue = new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 100,
      enforceRequestTimeout: false,
      clientId: 'test',
      broker: 'none',
      logger: { debug: () => undefined },
      isConnected: () => false,
    });
    queue.scheduleCheckPendingRequests();
    await sleep(20);
    expect(told).toEqual([]);
    process.emitWarning('-5 is a negative number.', 'TimeoutNegativeWarning');
    process.emitWarning('something else', 'OddWarning');
    await sleep(20);
    expect(told).toEqual(['TimeoutNegativeWarning: -5 is a negative number.', 'OddWarning: something else']);
  } finally {
    process.off('warning', listen);
  }
});
