import { setTimeout as sleep } from 'node:timers/promises';
import { type OwnHouse, startOwnHouse } from '../plan/house.ts';
import { atMost, type BenchOptions, type Rows, told } from './rows.ts';

const CAMPAIGNS = 50;
const CHANGES = 200;
const LOAD_AT_ONCE = 8;
const LOOK_EVERY_MS = 5;
const SEEN_MS_MAX = 10_000;
const LATER_MS = 3_000;

interface Load {
  decisions: number;
  on: boolean;
}

/** A campaign paused through the management API stops being served: how soon, while viewers ask all the time. */
export async function benchPropagation({ say }: BenchOptions): Promise<Rows> {
  const house = await startOwnHouse();
  try {
    const ids = await makeCampaigns(house);
    await Promise.all(ids.map((_, n) => untilServed(house, n)));
    const load: Load = { decisions: 0, on: true };
    const viewers = Array.from({ length: LOAD_AT_ONCE }, () => watch(house, load));
    const took: number[] = [];
    const later: Promise<number>[] = [];
    const begun = performance.now();
    for (let change = 0; change < CHANGES; change++) {
      const n = change % CAMPAIGNS;
      const params = { id: ids[n] ?? '' };
      await house.client.call('PATCH /api/v2/campaigns/{id}', { params, body: { status: 'paused' }, ifMatch: 'any' });
      took.push(await untilGone(house, n));
      // Looked at again when the others go on; made active again afterwards.
      later.push(
        servedLater(house, n).then(async (count) => {
          await house.client.call('PATCH /api/v2/campaigns/{id}', {
            params,
            body: { status: 'active' },
            ifMatch: 'any',
          });
          await untilServed(house, n);
          return count;
        }),
      );
      if ((change + 1) % CAMPAIGNS === 0) await Promise.all(later);
      if ((change + 1) % 50 === 0) say(`  ${change + 1} changes`);
    }
    const still = (await Promise.all(later)).reduce((sum, count) => sum + count, 0);
    const seconds = (performance.now() - begun) / 1_000;
    load.on = false;
    await Promise.all(viewers);
    return rowsOf(took, still, load.decisions / seconds);
  } finally {
    await house.stop();
  }
}

function rowsOf(took: number[], still: number, rate: number): Rows {
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? Number.NaN;
  const under = `${took.length} pauses over HTTP, ${rate.toFixed(0)} decisions/s meanwhile`;
  return {
    propagation_p95_ms: atMost(at(0.95), 1_000, 500, `${under}; from the answer to the first decision without it`),
    propagation_p50_ms: told(at(0.5), under),
    propagation_max_ms: told(at(1), under),
    served_after_3s: atMost(
      still,
      0,
      0,
      `ads of a paused campaign in ${took.length * 5} decisions that could only be its own, 3 s after`,
    ),
  };
}

/** Each for viewers of a brand that no other campaign wants. */
async function makeCampaigns({ client }: OwnHouse): Promise<string[]> {
  const advertiser = await client.call('POST /api/v2/advertisers', { body: { name: 'Propagation' } });
  const ids: string[] = [];
  for (let n = 0; n < CAMPAIGNS; n++) {
    const { body } = await client.call('POST /api/v2/campaigns', {
      body: {
        name: `Brand ${n}`,
        advertiser_id: advertiser.body.id,
        starts_at: '2020-01-01T00:00:00Z',
        ends_at: '2090-01-01T00:00:00Z',
        pricing: { model: 'cpm', rate_micros: 10_000_000 },
        status: 'active',
      },
    });
    const params = { id: body.id };
    const url = `https://cdn.example/${n}.mp4`;
    const media = [{ url, type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 }] as const;
    await client.call('POST /api/v2/campaigns/{id}/creatives', {
      params,
      body: { name: 'Spot', duration_seconds: 30, media },
    });
    const conditions = [{ dimension: 'device_brands', mode: 'include', values: [`brand${n}`] }] as const;
    await client.call('POST /api/v2/campaigns/{id}/targeting', { params, body: { conditions } });
    ids.push(body.id);
  }
  return ids;
}

async function isServed({ decision }: OwnHouse, n: number): Promise<boolean> {
  const answer = await fetch(`${decision}/api/v2/ad-request`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pod_duration: 30, device: { type: 'smart_tv', brand: `brand${n}` } }),
  });
  const { pod } = (await answer.json()) as { readonly pod: { readonly ads: readonly unknown[] } };
  return pod.ads.length > 0;
}

async function untilServed(house: OwnHouse, n: number): Promise<void> {
  const begun = performance.now();
  while (!(await isServed(house, n))) {
    if (performance.now() - begun > SEEN_MS_MAX) throw new Error(`campaign ${n} is not served after ${SEEN_MS_MAX} ms`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** How long ads of it still come, by decisions asked one after another. */
async function untilGone(house: OwnHouse, n: number): Promise<number> {
  const begun = performance.now();
  while (await isServed(house, n)) {
    if (performance.now() - begun > SEEN_MS_MAX) break;
    await sleep(LOOK_EVERY_MS);
  }
  return performance.now() - begun;
}

async function servedLater(house: OwnHouse, n: number): Promise<number> {
  await sleep(LATER_MS);
  let served = 0;
  for (let look = 0; look < 5; look++) if (await isServed(house, n)) served++;
  return served;
}

async function watch(house: OwnHouse, load: Load): Promise<void> {
  let n = 0;
  while (load.on) {
    await isServed(house, n++ % CAMPAIGNS);
    load.decisions++;
  }
}
