import { expect, it } from 'vitest';
import { keys } from '../../engines/state-store/keys.ts';
import { decodeBare } from '../../schemas/codec.ts';
import type { ServedAd } from '../../schemas/records.ts';
import { id, openBench, plainBeacon } from '../fixture.ts';
import type { Batch, Context } from '../worker.ts';
import { addServed, ServedPlaces } from './served.ts';

it('takes the money of an ad again until its minute closes, however short an exchange wanted its place held', async () => {
  await using bench = await openBench();
  const minute = 2_000;
  const { config, store } = bench;
  const stores = await store.stores();
  const ad = { ...plainBeacon(minute * 60_000), pricing_model: 'cpv', minute, expires_at: minute * 60_000 + 5_000 };
  const request = { ads: [ad as unknown as ServedAd], backups: [] };
  const batch = (offset: number) =>
    ({ partition: offset, records: [{ offset, record: { name: 'ad-request', value: request } }] }) as unknown as Batch;
  const last = (minute + 1) * 60_000 + config.tokenLifeMs + config.logClockMarginMs;
  const takenAt = async (catchingUpSince: number, offset: number) => {
    await addServed(
      batch(offset),
      { config, store, stores, catchingUpSince } as unknown as Context,
      new ServedPlaces(),
    );
    const [entry] = await store.read([keys.served(offset, minute)]);
    return entry?.bytes ? decodeBare('sums-record', entry.bytes).campaigns : [];
  };
  expect(await takenAt(last + 60_000, 0)).toMatchObject([{ campaign: id(100), billed_micros: 12_000 }]);
  expect(await takenAt(last + 60_001, 1)).toEqual([]);
});
