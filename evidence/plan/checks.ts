import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnHouse } from './house.ts';

/** One line of docs/plan.md, asserted against a house. It throws what is missing. */
export interface Check {
  /** As the page has it. */
  readonly id: string;
  run(house: OwnHouse): Promise<void>;
}

export function assert(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Asks again until it holds. */
export async function until(what: string, holds: () => Promise<boolean>, secondsMost = 15): Promise<void> {
  for (let tries = 0; tries < secondsMost * 5; tries++) {
    if (await holds()) return;
    await sleep(200);
  }
  throw new Error(`after ${secondsMost} s still not: ${what}`);
}

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A request to the management API, or to a whole URL, with the status that it must have. */
export async function told(
  house: OwnHouse,
  status: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<Told> {
  const response = await fetch(new URL(path, house.management), {
    method,
    headers: {
      authorization: `Bearer ${house.key}`,
      'if-match': '*',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert(
    response.status === status,
    `${method} ${path}: ${response.status} instead of ${status}: ${text.slice(0, 300)}`,
  );
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

export interface Ad {
  readonly campaign_id: string;
  readonly tracking: { readonly impression: string };
}

/** The ads that a viewer gets; `request` is over a smart TV's. */
export async function adsFor(house: OwnHouse, request: object): Promise<readonly Ad[]> {
  const response = await fetch(`${house.decision}/api/v2/ad-request`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pod_duration: 30, ...request }),
  });
  const text = await response.text();
  assert(response.status === 200, `ad-request: ${response.status} ${text.slice(0, 300)}`);
  return (JSON.parse(text) as { pod: { ads: readonly Ad[] } }).pod.ads;
}

let made = 0;

/** An active campaign with a creative, for viewers of a brand that is its own. */
export async function campaignFor(
  house: OwnHouse,
  fields: object = {},
): Promise<{ readonly id: string; readonly brand: string }> {
  const brand = `plan${++made}`;
  const advertiser = await told(house, 201, 'POST', '/api/v2/advertisers', { name: `Advertiser ${made}` });
  const campaign = await told(house, 201, 'POST', '/api/v2/campaigns', {
    name: `Campaign ${made}`,
    advertiser_id: advertiser.body.id,
    starts_at: '2020-01-01T00:00:00Z',
    ends_at: '2090-01-01T00:00:00Z',
    pricing: { model: 'cpm', rate_micros: 10_000_000 },
    status: 'active',
    ...fields,
  });
  const id = String(campaign.body.id);
  await addCreative(house, id);
  await told(house, 201, 'POST', `/api/v2/campaigns/${id}/targeting`, {
    conditions: [{ dimension: 'device_brands', mode: 'include', values: [brand] }],
  });
  return { id, brand };
}

export async function addCreative(house: OwnHouse, campaign: string): Promise<void> {
  const url = `https://cdn.example/${campaign}.mp4`;
  const media = [{ url, type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 }];
  await told(house, 201, 'POST', `/api/v2/campaigns/${campaign}/creatives`, {
    name: 'Spot',
    duration_seconds: 30,
    media,
  });
}

export async function untilServed(house: OwnHouse, id: string, request: object): Promise<readonly Ad[]> {
  let ads: readonly Ad[] = [];
  await until(`campaign ${id} is served for ${JSON.stringify(request)}`, async () => {
    ads = await adsFor(house, request);
    return ads.some(({ campaign_id }) => campaign_id === id);
  });
  return ads;
}

export async function untilNotServed(house: OwnHouse, id: string, request: object): Promise<void> {
  await until(`campaign ${id} is not served for ${JSON.stringify(request)}`, async () => {
    const ads = await adsFor(house, request);
    return !ads.some(({ campaign_id }) => campaign_id === id);
  });
}
