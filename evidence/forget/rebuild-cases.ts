import { expect, it } from 'vitest';
import { testCampaign } from '../../decision-api/test-house.ts';
import { micros } from '../../domain/money.ts';
import { keys } from '../../engines/state-store/keys.ts';
import type { StateStore } from '../../engines/state-store/state-store.ts';
import { decodeBare, encodeBare } from '../../schemas/codec.ts';
import { rebuildMoney } from '../../stream-workers/rebuild/money.ts';
import { Progress, type Step } from '../../stream-workers/rebuild/progress.ts';
import { rebuildWindows } from '../../stream-workers/rebuild/windows.ts';
import { type Dump, dump, type Raw } from './dump.ts';
import { type OpenStore, type Operator, openVirtualHouse, type VirtualHouse } from './virtual-house.ts';

/** A store under test: how it is opened, looked into past the port, and wiped while nobody has it open. */
export interface Kind extends AsyncDisposable {
  readonly open: OpenStore;
  raw(folder: string): Promise<Raw>;
  wipe(folder: string): Promise<void>;
}

const price = micros(12_000);
const campaigns = [
  testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 3 }] }),
  testCampaign({ caps: [{ scope: 'household', creativeId: null, windowSeconds: 86_400, max: 9 }] }),
  testCampaign({ totalBudgetMicros: micros(400 * price), pacingMode: 'asap', timeZone: 'Asia/Kolkata' }),
  testCampaign({
    goalImpressions: 300,
    pacingMode: 'asap',
    caps: [{ scope: 'user', creativeId: null, windowSeconds: 86_400, max: 30 }],
  }),
  testCampaign({ pricing: { model: 'cpc', priceMicros: micros(90_000) }, dailyBudgetMicros: micros(30_000_000) }),
  testCampaign(),
  // Competitors, above and below each other, and one that a stream and a whole life count.
  testCampaign({ categories: [{ id: 'drinks', name: 'Drinks', ancestors: [] }] }),
  testCampaign({
    categories: [{ id: 'colas', name: 'Colas', ancestors: ['drinks'] }],
    caps: [{ scope: 'stream', creativeId: null, windowSeconds: null, max: 2 }],
  }),
  testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: null, max: 4 }] }),
];
const erasedUser = 'viewer 7';
const byId = new Map(campaigns.map((campaign) => [campaign.id, campaign]));

export function rebuildCases(start: () => Promise<Kind>): void {
  it('a wiped store is rebuilt from the log equal to before, record by record', async () => {
    await using kind = await start();
    await using house = await playedHouse(kind);
    const before = await look(house, kind);
    checkThereIsMuch(before);
    await kind.wipe(house.folder);
    const steps: Step[] = [];
    {
      await using operator = await house.operator();
      const [windows, money] = await rebuildBoth(house, operator, true, (step) => steps.push(step));
      expect(windows.confirmed).toBeGreaterThan(100);
      expect(windows.outstanding).toBeGreaterThan(10);
      expect(money.claims).toBeGreaterThan(100);
      expect(money.claimsThatDiffer + windows.claimsThatDiffer).toBe(0);
    }
    expect(await look(house, kind)).toEqual(before);
    expect(steps.some(({ step, fraction }) => step === 'ad-beacons' && fraction === 1)).toBe(true);
    {
      await using operator = await house.operator();
      const [windows, money] = await rebuildBoth(house, operator, false);
      expect([windows.putRight, money.putRight, money.sumsPutRight]).toEqual([0, 0, 0]);
    }
  }, 240_000);

  it('workers that are running catch a wiped store up to the same records by themselves', async () => {
    await using kind = await start();
    await using house = await playedHouse(kind);
    const before = await look(house, kind);
    await kind.wipe(house.folder);
    {
      await using operator = await house.operator();
      const workers = await operator.work();
      await expect.poll(() => isBelieved(operator.store), { timeout: 90_000 }).toBe(true);
      await workers.close();
    }
    expect(withoutTimes(await look(house, kind))).toEqual(withoutTimes(before));
  }, 240_000);

  it('a rebuild beside running workers that are catching up ends in the same records', async () => {
    await using kind = await start();
    await using house = await playedHouse(kind);
    const before = await look(house, kind);
    await kind.wipe(house.folder);
    {
      await using operator = await house.operator();
      const workers = await operator.work();
      await using other = await house.operator();
      await rebuildBoth(house, other, true);
      await expect.poll(() => isBelieved(operator.store), { timeout: 90_000 }).toBe(true);
      await workers.close();
    }
    expect(withoutTimes(await look(house, kind))).toEqual(withoutTimes(before));
  }, 240_000);

  it('records that say something wrong are found by a check, and put right while the heads stay', async () => {
    await using kind = await start();
    await putWrongRight(kind);
  }, 240_000);
}

async function putWrongRight(kind: Kind): Promise<void> {
  await using house = await playedHouse(kind);
  const before = await look(house, kind);
  {
    await using operator = await house.operator();
    const spoilt = await spoil(operator.store, before);
    const [windows, money] = await rebuildBoth(house, operator, false);
    expect([windows.putRight, money.putRight]).toEqual([spoilt.windows, spoilt.money]);
  }
  expect(await look(house, kind)).not.toEqual(before);
  {
    await using operator = await house.operator();
    const [windows, money] = await rebuildBoth(house, operator, true);
    expect([windows.heads, money.heads]).toEqual([0, 0]);
  }
  expect(await look(house, kind)).toEqual(before);
}

async function playedHouse(kind: Kind): Promise<VirtualHouse> {
  const house = await openVirtualHouse(kind.open, campaigns);
  await house.play(70_000);
  // Somebody who has seen much, and a stream that begins; both go on.
  expect(await house.erase('user', erasedUser)).toBeGreaterThan(0);
  expect(await house.erase('stream', 'stream 29')).toBeGreaterThan(0);
  await house.play(60_000);
  await house.settle();
  return house;
}

async function look(house: VirtualHouse, kind: Kind): Promise<Dump> {
  const store = await kind.open(house.folder, house.clock);
  try {
    return await dump(store, await kind.raw(house.folder));
  } finally {
    await store.close();
  }
}

function rebuildBoth(house: VirtualHouse, operator: Operator, write: boolean, tell: (step: Step) => void = () => {}) {
  const { clock, log, store } = operator;
  const engines = { config: house.config, clock, log, store, suppressions: house.suppressions, write };
  return Promise.all([
    rebuildWindows({
      ...engines,
      capsOf: (campaign) => byId.get(campaign)?.caps ?? [],
      progress: new Progress(clock, tell),
    }),
    rebuildMoney({ ...engines, progress: new Progress(clock, tell) }, byId),
  ]);
}

/** The comparison means something: of each kind of record there are some, with something in them. */
function checkThereIsMuch(all: Dump): void {
  const of = (kind: string) => Object.entries(all).filter(([name]) => name.startsWith(kind));
  const entries = of('f:').flatMap(([, said]) => (said as Said).entries);
  expect(entries.filter(({ state }) => state === 'CONFIRMED').length).toBeGreaterThan(100);
  expect(entries.filter(({ state }) => state === 'OUTSTANDING').length).toBeGreaterThan(10);
  expect(entries.filter((entry) => entry.for_life && entry.state === 'CONFIRMED').length).toBeGreaterThan(10);
  const streams = of('t:').flatMap(([, said]) => (said as Said).entries);
  for (const state of ['CONFIRMED', 'OUTSTANDING']) {
    expect(
      streams.filter((entry) => entry.state === state && entry.categories?.includes('colas')).length,
      state,
    ).toBeGreaterThan(3);
  }
  for (const kind of ['f:', 't:']) {
    const erased = of(kind).filter(([, said]) => (said as Said).erased_at > 0);
    expect(erased.length, kind).toBe(1);
    expect(erased.flatMap(([, said]) => (said as Said).entries).length, kind).toBeGreaterThan(0);
  }
  const money = of('m:').map(([, said]) => said as { billed_micros: number; days: unknown[]; taken: unknown[] });
  expect(money.filter(({ billed_micros }) => billed_micros > 0).length).toBeGreaterThan(3);
  expect(money.filter(({ taken }) => taken.length > 0).length).toBeGreaterThan(1);
  expect(of('s:').length).toBeGreaterThan(3);
  expect(of('k:').length).toBeGreaterThan(3);
  expect(of('h:').length).toBe(16);
  expect(all[keys.closed]).toBeGreaterThan(0);
}

/** Workers that ran meanwhile have ticked, so heads are further on; and a token's life is noted by deciders, of which none ran. */
function withoutTimes(all: Dump): Dump {
  const lasting = Object.entries(all).filter(([name]) => !name.startsWith('h:') && name !== keys.tokenLife);
  return Object.fromEntries(lasting);
}

async function isBelieved(store: StateStore): Promise<boolean> {
  const stores = await store.stores();
  const names = ['frequency', 'pacing'].flatMap((group) =>
    ['ad-beacons', 'ad-requests'].flatMap((topic) =>
      [0, 1, 2, 3].map((partition) => keys.head(group, topic, partition)),
    ),
  );
  const entries = await store.read(names);
  return entries.every(
    ({ bytes }) => bytes && stores.every((id) => decodeBare('head-record', bytes).caught_up.includes(id)),
  );
}

/** Loses a view, invents one, forgets a place, and gets money wrong. Answers how many records are wrong now. */
async function spoil(store: StateStore, all: Dump): Promise<{ readonly windows: number; readonly money: number }> {
  const names = Object.keys(all).filter((name) => name.startsWith('f:'));
  const has = (state: string) => (name: string) => (all[name] as Said).entries.some((entry) => entry.state === state);
  const hasOutstanding = has('OUTSTANDING');
  const hasView = has('CONFIRMED');
  const views = names.filter(hasView);
  const [lost = '', invented = ''] = views.filter((name) => (all[name] as Said).erased_at === 0);
  const forgotten = names.find((name) => hasOutstanding(name) && name !== lost && name !== invented) ?? '';
  const swap = async (name: string, change: (bytes: Buffer) => Buffer) => {
    const [entry] = await store.read([name]);
    if (!entry?.bytes) throw new Error(`${name} is not there`);
    expect((await store.swap(name, entry, change(entry.bytes), 1e9)).ok).toBe(true);
  };
  const frequency = (of: (entries: readonly Entry[]) => readonly Entry[]) => (bytes: Buffer) => {
    const record = decodeBare('frequency-record', bytes);
    return encodeBare('frequency-record', { ...record, entries: of(record.entries) });
  };
  await swap(
    lost,
    frequency((entries) => entries.filter((one) => one !== entries.find(isView))),
  );
  await swap(
    invented,
    frequency((entries) => {
      const [view] = entries.filter(isView);
      return view ? [...entries, { ...view, reservation: '00000000-0000-7000-8000-0000000bad00' }] : entries;
    }),
  );
  await swap(
    forgotten,
    frequency((entries) => entries.filter(({ state }) => state !== 'OUTSTANDING')),
  );
  const windows = 3 + (await spoilStreams(all, swap));
  const money = Object.keys(all).filter((name) => name.startsWith('m:'));
  for (const name of money.slice(0, 2)) {
    await swap(name, (bytes) => {
      const record = decodeBare('money-record', bytes);
      const [first, ...others] = record.days;
      const days = first ? [{ ...first, micros: first.micros + 1 }, ...others] : [];
      return encodeBare('money-record', { ...record, days, billed_micros: record.billed_micros + 1 });
    });
  }
  return { windows, money: 2 };
}

/** Another second, another category, a view that nobody had, an ad too few, an erasure that is not known any more. */
async function spoilStreams(all: Dump, swap: Swap): Promise<number> {
  const names = Object.keys(all).filter((name) => name.startsWith('t:'));
  const of = (state: string) => names.filter((name) => (all[name] as Said).entries.some((one) => one.state === state));
  const faults: ((entry: StreamEntry) => readonly StreamEntry[])[] = [
    (entry) => [{ ...entry, start_ms: entry.start_ms + 1 }],
    (entry) => [{ ...entry, ancestors: ['another'] }],
    (entry) => [entry, { ...entry, reservation: '00000000-0000-7000-8000-0000000bad01' }],
    () => [],
  ];
  const plain = of('CONFIRMED').filter((name) => (all[name] as Said).erased_at === 0);
  for (const [index, fault] of faults.entries()) {
    await swap(plain[index] ?? '', (bytes) => {
      const record = decodeBare('stream-record', bytes);
      const first = record.entries.find(({ state }) => state === 'CONFIRMED');
      const entries = record.entries.flatMap((entry) => (entry === first ? fault(entry) : [entry]));
      return encodeBare('stream-record', { ...record, entries });
    });
  }
  const erased = Object.keys(all).filter((name) => /^[ft]:/.test(name) && (all[name] as Said).erased_at > 0);
  for (const name of erased) {
    await swap(name, (bytes) =>
      name.startsWith('t:')
        ? encodeBare('stream-record', { ...decodeBare('stream-record', bytes), erased_at: 0 })
        : encodeBare('frequency-record', { ...decodeBare('frequency-record', bytes), erased_at: 0 }),
    );
  }
  return faults.length + erased.length;
}

type Swap = (name: string, change: (bytes: Buffer) => Buffer) => Promise<void>;
/** What a dump says of an identity or a stream. */
interface Said {
  readonly entries: readonly { readonly state: string; readonly for_life?: boolean; readonly categories?: string[] }[];
  readonly erased_at: number;
}
type StreamEntry = ReturnType<typeof decodeBare<'stream-record'>>['entries'][number];
type Entry = ReturnType<typeof decodeBare<'frequency-record'>>['entries'][number];
const isView = ({ state }: Entry) => state === 'CONFIRMED';
