import { randomUUID } from 'node:crypto';
import { compete } from '../audit/check-pods.ts';
import type { RequestFact, Run, SeedCampaign } from '../audit/facts.ts';
import { firstRequests, judge } from '../audit/judge.ts';
import type { RunCopy } from './copy.ts';
import { here, need } from './find.ts';

/** More billable views of one identity than its cap allows, each logged, stored and reported as if all were well. */
export async function ignoreCap(copy: RunCopy, run: Run): Promise<void> {
  const capOf = (id: string) => run.seed.get(id)?.caps.find(({ creativeId }) => creativeId === null);
  const { beacon } = need(
    judge(run.log.beacons).find(({ billable, beacon: { value } }) => {
      const cap = capOf(value.campaign);
      return (
        billable && value.event === 'impression' && cap && value.identities.some(({ scope }) => scope === cap.scope)
      );
    }),
    'billable impression under a cap',
  );
  const last = run.log.beacons.filter(({ partition }) => partition === beacon.partition).at(-1) ?? beacon;
  const minute = Math.floor(last.appendedAt / 60_000);
  for (let i = 0; i < (capOf(beacon.value.campaign)?.max ?? 0); i++) {
    const value = {
      ...beacon.value,
      arrival_id: randomUUID(),
      reservation: randomUUID(),
      cachebuster: `cap-${i}`,
      minute,
      expires_at: (minute + 1) * 60_000 + run.settings.token_life_ms,
    };
    const { appendedAt, ...at } = await copy.append(beacon.topic, beacon.partition, beacon.key, 'ad-beacon', value);
    await copy.replaceRows('beacons', here(beacon), {
      offset: `toUInt64(${at.offset})`,
      appended_at: `fromUnixTimestamp64Milli(${appendedAt}, 'UTC')`,
      arrival_id: `toUUID('${value.arrival_id}')`,
      reservation: `toUUID('${value.reservation}')`,
      cachebuster: `'cap-${i}'`,
      decision_minute: `toDateTime(${minute * 60}, 'UTC')`,
      expires_at: `fromUnixTimestamp64Milli(${value.expires_at}, 'UTC')`,
    });
  }
  let told = false;
  copy.editViewers((line) => {
    if (told || line.cb !== beacon.value.cachebuster) return [line];
    told = true;
    const more = Array.from({ length: capOf(beacon.value.campaign)?.max ?? 0 }, (_, i) => ({
      ...line,
      cb: `cap-${i}`,
      ad_id: null,
    }));
    return [line, ...more];
  });
}

interface Swap {
  readonly request: RequestFact;
  readonly at: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly reservation: string;
  readonly by: SeedCampaign;
}

/** A pod in which one ad could stand for a competitor of its neighbour. */
function findSwap(run: Run): Swap {
  for (const { value, ...at } of firstRequests(run.log.requests).values()) {
    if (!value.separation || value.min_separation_seconds !== null || value.ads.length < 2) continue;
    for (const ad of value.ads) {
      const others = value.ads.filter((other) => other !== ad);
      const by = [...run.seed.values()].find((campaign) =>
        others.some((other) => other.campaign !== campaign.id && compete(run.seed.get(other.campaign), campaign)),
      );
      if (by) return { request: value, at, reservation: ad.reservation, by };
    }
  }
  throw new Error('this run has no pod beside which a competitor could stand');
}

/** One ad of a pod becomes a competitor of another: in the log, in the warehouse and in the answer that the viewer saw. */
export async function breakSeparation(copy: RunCopy, run: Run): Promise<void> {
  const { request, at, reservation, by } = findSwap(run);
  const creative = by.creatives[0]?.id ?? '';
  const facts = { campaign: by.id, creative, advertiser: by.advertiserId };
  const ads = request.ads.map((ad) => (ad.reservation === reservation ? { ...ad, ...facts } : ad));
  await copy.setRecord(at, 'ad-request', { ...request, ads });
  const values = {
    campaign: `toUUID('${by.id}')`,
    creative: `toUUID('${creative}')`,
    advertiser: `toUUID('${by.advertiserId}')`,
  };
  await copy.replaceRows('request_ads', `reservation = '${reservation}'`, values);
  copy.editViewers((line) => {
    if (line.answer?.request_id !== request.request_id || !line.answer.pod) return [line];
    const seen = line.answer.pod.ads.map((ad) =>
      ad.ad_id === reservation
        ? { ...ad, campaign_id: by.id, creative_id: creative, advertiser_id: by.advertiserId }
        : ad,
    );
    return [{ ...line, answer: { ...line.answer, pod: { ...line.answer.pod, ads: seen } } }];
  });
  for (const beacon of run.log.beacons.filter(({ value }) => value.reservation === reservation)) {
    await copy.setRecord(beacon, 'ad-beacon', { ...beacon.value, ...facts });
    await copy.replaceRows('beacons', here(beacon), values);
  }
}
