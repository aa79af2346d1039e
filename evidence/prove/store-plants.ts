import { checkRotation } from '../audit/check-rotation.ts';
import { checkValues } from '../audit/check-values.ts';
import type { CandidateFact, Run } from '../audit/facts.ts';
import { firstRequests, judge } from '../audit/judge.ts';
import { openStateFile } from '../audit/read-state.ts';
import { here, need } from './find.ts';
import type { Plant } from './plants.ts';

/** Faults of shipping, of keeping, of counting what is invalid, of drawing creatives and of valuing them. */
export const storePlants: readonly Plant[] = [
  {
    what: 'have a decision believe a micro more of a candidate than its signals say',
    expects: 'value_differs',
    async plant(copy, run) {
      const judged = (request: Run['log']['requests'][number]) => {
        const one = { ...run, log: { ...run.log, requests: [request] } };
        return checkValues(one).byRate > 0;
      };
      const request = need(
        [...firstRequests(run.log.requests).values()].find(judged),
        'candidate whose price depends on a rate',
      );
      const { candidates } = request.value;
      const more = candidates.map((one) => ({ ...one, value_micros: one.value_micros + 1 }));
      await copy.setRecord(request, 'ad-request', { ...request.value, candidates: more });
    },
  },
  {
    what: 'let another creative of a campaign come to the ranking than the one that was drawn',
    expects: 'rotation_differs',
    async plant(copy, run) {
      const judged = (request: Run['log']['requests'][number], candidate: CandidateFact) => {
        const one = { ...request, value: { ...request.value, candidates: [candidate] } };
        return checkRotation({ log: { ...run.log, requests: [one] }, seed: run.seed });
      };
      for (const request of firstRequests(run.log.requests).values()) {
        for (const candidate of request.value.candidates) {
          for (const { id } of run.seed.get(candidate.campaign)?.creatives ?? []) {
            const other = { ...candidate, creative: id };
            if (candidate.outcome !== 'lost' || judged(request, other).faults.length === 0) continue;
            const candidates = request.value.candidates.map((each) => (each === candidate ? other : each));
            return copy.setRecord(request, 'ad-request', { ...request.value, candidates });
          }
        }
      }
      throw new Error('no draw that could have come out otherwise');
    },
  },
  {
    what: 'ship one beacon again with another price',
    expects: 'shipped_differs',
    async plant(copy, run) {
      const { topic, partition, key, value } = need(run.log.beacons[0], 'beacon');
      await copy.append(topic, partition, key, 'ad-beacon', { ...value, price_micros: value.price_micros + 1 });
    },
  },
  {
    what: 'bill a beacon whose record says that it is invalid traffic',
    expects: 'invalid_billed',
    async plant(copy, run) {
      const { beacon } = need(
        judge(run.log.beacons).find(({ spend }) => spend > 0),
        'beacon that was billed',
      );
      await copy.setRecord(beacon, 'ad-beacon', { ...beacon.value, invalid: 'bot' });
      await copy.replaceRows('beacons', here(beacon), { traffic: "'bot'" });
    },
  },
  {
    what: 'keep one key of the state store for ever',
    expects: 'key_without_expiry',
    async plant(copy) {
      const state = openStateFile(copy.dir, false);
      const [first] = [...state.records.getRange({ limit: 1 })];
      const { key, value } = need(first, 'key of the state store');
      const endless = Buffer.from(value);
      endless.writeBigUInt64BE(0n, 8);
      await state.records.put(key, endless);
      await state.close();
    },
  },
];
