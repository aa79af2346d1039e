import { judge } from '../audit/judge.ts';
import { openStateFile } from '../audit/read-state.ts';
import { here, need } from './find.ts';
import type { Plant } from './plants.ts';

/** Faults of shipping, of keeping, and of counting what is invalid. */
export const storePlants: readonly Plant[] = [
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
