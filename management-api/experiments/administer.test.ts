import { afterAll, beforeAll, expect, test } from 'vitest';
import { openExperiments } from '../../engines/catalog/experiments.ts';
import { houseAudit } from '../test-audit.ts';
import { openTestDesk, type TestDesk } from '../test-desk.ts';
import { administerExperiment } from './administer.ts';

let desk: TestDesk;

beforeAll(async () => {
  desk = await openTestDesk();
});

afterAll(() => desk?.close());

test('an experiment that is put and stopped from the machine itself is audited as the API would; what fails leaves neither', async () => {
  const experiments = openExperiments({ url: desk.url });
  const put = (status: 'running' | 'stopped', weight = 1) => {
    const arms = [{ name: 'a', weight, qualityPercent: 50 }];
    return administerExperiment(experiments, { name: 'Short', status, arms }, desk.parts.clock);
  };
  try {
    expect([await put('running'), await put('stopped')]).toEqual([1, 2]);
    await expect(put('running', -1)).rejects.toMatchObject({ code: 'refused' });
    const failing = () => Promise.reject(new Error('the audit'));
    const arms = [{ name: 'a', weight: 1 }];
    await expect(experiments.put({ name: 'Other', status: 'running', arms }, failing)).rejects.toThrow('the audit');
    expect((await experiments.list()).map(({ name }) => name)).toEqual(['Short']);
  } finally {
    await experiments.close();
  }
  const told = await houseAudit(desk.url, 'experiment');
  const arms = [{ name: 'a', weight: 1, quality_percent: 50 }];
  expect(told).toMatchObject([
    { actor: 'system', action: 'create', before: null, after: { name: 'Short', version: 1, status: 'running', arms } },
    { action: 'update', before: { version: 1, status: 'running' }, after: { version: 2, status: 'stopped', arms } },
  ]);
  expect(told[0]?.resource_id).toBe(told[1]?.after?.id);
});
