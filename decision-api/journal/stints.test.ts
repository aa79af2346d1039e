import { readdir } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { EventLog } from '../../engines/event-log/event-log.ts';
import { adopt } from '../../engines/journal/adopt.ts';
import { decode } from '../../schemas/codec.ts';
import type { JournalMark } from '../../schemas/records.ts';
import { openHouse, type TestHouse, testCampaign, testId } from '../test-house.ts';

let house: TestHouse | null = null;

afterEach(async () => {
  await house?.close();
  house = null;
});

const body = { pod_duration: 60, user: { id: 'u' } };
const capped = () => testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 50 }] });

function openShipping(campaigns = [testCampaign(), capped()]): Promise<TestHouse> {
  return openHouse(campaigns, { environment: { EVENT_LOG: 'kafka://nobody:9', JOURNAL_DISK_FREE: '1KiB' } });
}

type Said = JournalMark | string;

/** What journals have said, and the ids of requests, in their order: by partition. */
async function readAll(log: EventLog): Promise<readonly (readonly Said[])[]> {
  const ends = await log.ends('ad-requests');
  const found = ends.map((): Said[] => []);
  let left = ends.reduce((sum, end) => sum + end, 0);
  if (left === 0) return found;
  const { promise, resolve } = Promise.withResolvers<void>();
  const subscription = await log.subscribe(`test-${testId()}`, ['ad-requests'], {
    resume: async () => 0,
    async apply(records, { partition }) {
      for (const { value } of records) {
        const record = decode(value);
        if (record.name === 'journal-mark') found[partition]?.push(record.value);
        if (record.name === 'ad-request') found[partition]?.push(record.value.request_id);
      }
      left -= records.length;
      if (left <= 0) resolve();
    },
  });
  await promise;
  await subscription.stop();
  return found;
}

test('nothing is reserved before the log knows of the journal; without the log campaigns without limits are served', async () => {
  house = await openShipping();
  const { away } = house;
  expect((await house.post(body)).json.pod.ads).toHaveLength(2);
  away.log = true;
  const other = await house.another();
  await other.ready();
  const ask = async () => {
    const answer = await other.app.inject({ method: 'POST', url: '/api/v2/ad-request?explain=1', payload: body });
    return answer.json();
  };
  const first = await ask();
  expect(first.pod.ads).toHaveLength(1);
  const outcomes = first.explain.campaigns.map((one: { outcome: string }) => one.outcome);
  expect(outcomes.sort()).toEqual(['store_catching_up', 'won']);
  const ready = (await other.app.inject({ url: '/health/ready' })).json();
  expect(ready.degraded).toContain('journal: not known to the log yet, capped and budgeted campaigns wait');
  away.log = false;
  await expect.poll(async () => (await ask()).pod.ads.length, { timeout: 5_000 }).toBe(2);
});

test('a journal says what stores it uses when it begins and that it is closed when it ends, in every partition', async () => {
  house = await openShipping();
  const { api, log, store } = house;
  await api.close();
  const stores = await store.stores();
  const wanted = [{ stores, closed: false }, { closed: true }];
  expect(await readAll(log)).toMatchObject([wanted, wanted, wanted, wanted]);
});

test('after a change of the stores the journal speaks only once every decision from before stands in it', async () => {
  house = await openShipping();
  const { log, store, clock } = house;
  const [before = ''] = await store.stores();
  const { swap, stores } = store;
  const holding = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  // A decision that stands still with its place taken.
  store.swap = async (...given) => {
    const swapped = await swap(...given);
    if (given[0].startsWith('f:')) {
      held.resolve();
      await holding.promise;
    }
    return swapped;
  };
  const slow = house.post({ ...body, request_id: 'slow', user: { id: 'slow' } });
  await held.promise;
  store.stores = async () => ['another'];
  const forgot = async () => JSON.stringify((await house?.api.app.inject({ url: '/health/ready' }))?.json());
  await expect.poll(forgot, { timeout: 5_000 }).toContain('state store: forgot');
  await clock.sleep(200);
  expect((await readAll(log)).flat()).toHaveLength(4);
  holding.resolve();
  await slow;
  await expect.poll(async () => (await readAll(log)).flat().length, { timeout: 5_000 }).toBe(9);
  const own = (await readAll(log)).find((said) => said.includes('slow'));
  expect(own).toMatchObject([{ stores: [before] }, 'slow', { stores: ['another'] }]);
  store.swap = swap;
  store.stores = stores;
});

test('a decision whose journal was taken away is not served: its readers may have been told that it is closed', async () => {
  house = await openShipping();
  const { store, post } = house;
  const { swap } = store;
  const journals = `${house.config.dataDir}/journal`;
  const [id = ''] = await readdir(journals);
  const { log, clock, random } = house;
  const ignore = () => undefined;
  store.swap = async (...given) => {
    const swapped = await swap(...given);
    if (given[0].startsWith('f:')) {
      const signal = new AbortController().signal;
      const told = { onOpened: ignore, onShipped: ignore, onDead: ignore, onError: ignore };
      await adopt({ path: `${journals}/${id}`, log, clock, random, signal, ...told });
      store.swap = swap;
    }
    return swapped;
  };
  const { json } = await post({ ...body, user: { id: 'slow' } });
  expect([json.pod.ads.length, json.no_fill_reason]).toEqual([0, 'log_unavailable']);
  expect(await house.records('ad-request')).toEqual([]);
  await expect.poll(async () => (await house?.post(body))?.json.pod.ads.length, { timeout: 5_000 }).toBe(2);
});
