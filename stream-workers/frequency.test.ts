import { expect, it } from 'vitest';
import type { Campaign } from '../domain/campaign.ts';
import { forgetStreamUpTo, forgetUpTo } from '../domain/frequency/forget.ts';
import { countInWindow, emptyFrequency, reserve } from '../domain/frequency/frequency.ts';
import { LONGEST_WINDOW_MS } from '../domain/frequency/kept.ts';
import { emptyStream } from '../domain/separation-stream.ts';
import { keys } from '../engines/state-store/keys.ts';
import { decodeBare, encodeBare } from '../schemas/codec.ts';
import { type Bench, id, openBench } from './fixture.ts';
import { frequencyWorker } from './frequency.ts';
import { startRunner } from './runner.ts';

const identity = { scope: 'user', hash: 'somebody' };
const cap = { scope: 'user', creativeId: null, windowSeconds: 3600, max: 5 } as const;

async function recordOf(bench: Bench) {
  const [entry] = await bench.store.read([keys.frequency(identity.scope, identity.hash)]);
  return entry?.bytes ? decodeBare('frequency-record', entry.bytes) : emptyFrequency();
}

/** Places as a decider leaves them: reserved before any beacon. */
async function reservePlaces(bench: Bench, ...reservations: readonly string[]): Promise<void> {
  const key = keys.frequency(identity.scope, identity.hash);
  const expiresAt = (Math.floor(bench.clock.now() / 60_000) + 1) * 60_000 + 4000;
  const wanted = reservations.map((reservation) => ({
    place: { reservation, campaignId: id(100), creativeId: id(200), partition: 0, expiresAt },
    caps: [cap],
  }));
  const { record } = reserve(emptyFrequency(), wanted, { of: () => 0, lowest: 0 });
  const [entry] = await bench.store.read([key]);
  if (!entry) throw new Error('an absent entry is an entry');
  await bench.store.swap(key, entry, encodeBare('frequency-record', record), 1e9);
}

async function run(bench: Bench): Promise<void> {
  const runner = await startRunner(frequencyWorker(bench), bench);
  await bench.clock.advance(bench.clock.now() + 1000);
  await runner.close();
}

it('marks a view for life where a lifetime cap came after its place was given', async () => {
  await using bench = await openBench();
  await reservePlaces(bench, id(1), id(2));
  const lifetime = { ...cap, windowSeconds: null, countsFrom: bench.clock.now() };
  const view = { campaigns: new Map([[id(100), { caps: [cap, lifetime] } as unknown as Campaign]]) };
  await bench.send({ reservation: id(1), identities: [identity] });
  const runner = await startRunner(frequencyWorker({ ...bench, view }), bench);
  await bench.clock.advance(bench.clock.now() + 1000);
  await runner.close();
  expect((await recordOf(bench)).entries.map((entry) => [entry.state, entry.for_life])).toEqual([
    ['CONFIRMED', true],
    ['OUTSTANDING', false],
  ]);
});

it('says of what it puts back for how long the caps of today count it', async () => {
  await using bench = await openBench();
  const day = { ...cap, windowSeconds: 86_400 };
  const others = { ...cap, scope: 'household', windowSeconds: 604_800 } as const;
  const view = { campaigns: new Map([[id(100), { caps: [cap, day, others] } as unknown as Campaign]]) };
  await bench.send({ reservation: id(1), identities: [identity] });
  const runner = await startRunner(frequencyWorker({ ...bench, view }), bench);
  await bench.clock.advance(bench.clock.now() + 1000);
  await runner.close();
  expect((await recordOf(bench)).entries.map(({ expires_at, at }) => expires_at - at)).toEqual([86_400_000]);
});

it('writes nothing back that came before its viewer was erased, however late the log got it', async () => {
  await using bench = await openBench();
  const stream = { scope: 'stream', hash: 'a stream' };
  const erasedAt = bench.clock.now() + 1;
  const put = async (key: string, bytes: Buffer) => {
    const [entry] = await bench.store.read([key]);
    if (entry) await bench.store.swap(key, entry, bytes, 1e9);
  };
  await put(keys.frequency('user', 'somebody'), encodeBare('frequency-record', forgetUpTo(emptyFrequency(), erasedAt)));
  await put(keys.stream(stream.hash), encodeBare('stream-record', forgetStreamUpTo(emptyStream(), erasedAt)));
  const received_at = bench.clock.now();
  await bench.clock.advance(received_at + 2000);
  await bench.send({ identities: [identity, stream], received_at });
  await run(bench);
  expect((await recordOf(bench)).entries).toEqual([]);
  const [of] = await bench.store.read([keys.stream(stream.hash)]);
  expect(decodeBare('stream-record', of?.bytes ?? Buffer.alloc(0)).entries).toEqual([]);
});

it('counts a view for life once, though a store that was partly wiped is caught up from a log that still has it', async () => {
  await using bench = await openBench();
  const total = { campaign: id(100), creative: id(200), views: 1, last_at: bench.clock.now() };
  await bench.send({ reservation: id(1), identities: [identity] });
  await bench.clock.advance(bench.clock.now() + 100);
  await bench.send({ reservation: id(2), identities: [identity] });
  const [entry] = await bench.store.read([keys.frequency(identity.scope, identity.hash)]);
  const folded = encodeBare('frequency-record', { ...emptyFrequency(), totals: [total] });
  if (entry) await bench.store.swap(keys.frequency(identity.scope, identity.hash), entry, folded, 1e12);
  await bench.clock.advance(bench.clock.now() + LONGEST_WINDOW_MS + 60_000);
  await run(bench);
  const { entries, totals } = await recordOf(bench);
  // The second is in no total.
  expect(entries.map(({ reservation }) => reservation)).toEqual([id(2)]);
  expect(totals).toEqual([total]);
});

const states = async (bench: Bench) =>
  Object.fromEntries((await recordOf(bench)).entries.map(({ reservation, state }) => [reservation, state]));

it('confirms the impression at its append time and releases what was not used', async () => {
  await using bench = await openBench();
  await reservePlaces(bench, id(1), id(2), id(3));
  const at = bench.clock.now();
  await bench.send({ reservation: id(1), identities: [identity] });
  await bench.send({ reservation: id(2), identities: [identity], event: 'notUsed' });
  await run(bench);
  expect(await states(bench)).toEqual({ [id(1)]: 'CONFIRMED', [id(2)]: 'RELEASED', [id(3)]: 'OUTSTANDING' });
  expect((await recordOf(bench)).entries[0]?.at).toBe(at);
});

it('lets the first of impression, notUsed and error decide, whatever follows', async () => {
  await using bench = await openBench();
  await reservePlaces(bench, id(1), id(2), id(3));
  await bench.send({ reservation: id(1), identities: [identity] });
  await bench.send({ reservation: id(1), identities: [identity], event: 'error' });
  await bench.send({ reservation: id(2), identities: [identity], event: 'error' });
  await bench.send({ reservation: id(2), identities: [identity] });
  await run(bench);
  expect(await states(bench)).toEqual({ [id(1)]: 'CONFIRMED', [id(2)]: 'RELEASED', [id(3)]: 'OUTSTANDING' });
});

it('gives a late impression no place', async () => {
  await using bench = await openBench();
  await reservePlaces(bench, id(1));
  await bench.send({ reservation: id(1), identities: [identity], expires_at: bench.clock.now() - 1 });
  await run(bench);
  expect(await states(bench)).toEqual({ [id(1)]: 'OUTSTANDING' });
});

it('changes nothing when the whole log comes again', async () => {
  await using bench = await openBench();
  await reservePlaces(bench, id(1), id(2));
  await bench.send({ reservation: id(1), identities: [identity] }, { reservation: id(2), identities: [identity] });
  await run(bench);
  const before = await recordOf(bench);
  const headKey = keys.head('frequency', 'ad-beacons', 0);
  const [head] = await bench.store.read([headKey]);
  if (!head) throw new Error('there is a head');
  await bench.store.swap(headKey, head, encodeBare('head-record', { position: 0, watermark: 0, caught_up: [] }), 1e9);
  await run(bench);
  expect(await recordOf(bench)).toEqual(before);
  expect(countInWindow(before, cap, id(100), 0, { of: () => 0, lowest: 0 })).toBe(2);
});

it('drops the claims of a minute that has passed, also where another process made them', async () => {
  await using bench = await openBench();
  const minute = Math.floor(bench.clock.now() / 60_000);
  const bucket = keys.claims('frequency', 0, minute);
  await bench.send({ reservation: id(1), identities: [identity] });
  await run(bench);
  const listed = async () => {
    const [entry] = await bench.store.read([keys.claimed('frequency', 0)]);
    return entry?.bytes ? decodeBare('open-minutes-record', entry.bytes).minutes : null;
  };
  expect(await listed()).toEqual([minute]);
  expect(await bench.store.claim(bucket, [`${id(1)}:outcome`], [99], 1e9)).toEqual([0]);
  const successor = await startRunner(frequencyWorker(bench), bench);
  await bench.clock.advance(bench.clock.now() + 70_000);
  await successor.close();
  expect(await listed()).toEqual([]);
  expect(await bench.store.claim(bucket, [`${id(1)}:outcome`], [99], 1e9)).toEqual([99]);
});
