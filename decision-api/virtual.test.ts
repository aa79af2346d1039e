import { expect, test } from 'vitest';
import { micros } from '../domain/money.ts';
import { VirtualClock } from '../engines/clock.ts';
import { seededRandom } from '../engines/random.ts';
import { openHouse, testCampaign } from './test-house.ts';

const START_MS = Date.UTC(2026, 0, 5, 17, 59, 45);

test('with a clock that stands still the same seed decides the same, to the byte', async () => {
  const campaigns = [
    testCampaign({ caps: [{ scope: 'user', creativeId: null, windowSeconds: 3600, max: 2 }] }),
    testCampaign({ totalBudgetMicros: micros(60_000) }),
    testCampaign({ goalImpressions: 4 }),
    testCampaign({ tier: 'house' }),
  ];
  const [first, second, other] = [await play(7), await play(7), await play(8)];
  expect(first).toBe(second);
  expect(first).not.toBe(other);

  async function play(seed: number): Promise<string> {
    const clock = new VirtualClock(START_MS);
    const random = seededRandom(clock, seed);
    const environment = { VIRTUAL_SEED: String(seed), PUBLIC_URL: 'http://ads.example' };
    const house = await openHouse(campaigns, { clock, random, environment });
    const answers: unknown[] = [];
    for (let turn = 0; turn < 8; turn++) {
      const user = { id: `u${turn % 2}` };
      answers.push((await house.post({ request_id: `r${turn}`, pod_duration: 90, user })).json);
      await clock.advance(clock.now() + 5_000);
    }
    await house.close();
    return JSON.stringify(answers);
  }
});
