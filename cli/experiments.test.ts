import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readExperimentFile } from './experiments.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-experiments-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function read(document: unknown) {
  const file = join(folder, 'experiment.json');
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document));
  return () => readExperimentFile(file);
}

const arms = [
  { name: 'a', weight: 1 },
  { name: 'b', weight: 1, quality_percent: 0 },
];

test('what the API answers of an experiment can be put as it is, with what its arms do', async () => {
  const answered = { id: '00000000-0000-7000-8000-000000000001', version: 3, name: 'x', status: 'stopped', arms };
  expect((await read(answered))()).toEqual({
    name: 'x',
    status: 'stopped',
    arms: [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 1, qualityPercent: 0 },
    ],
  });
  expect((await read({ name: 'x', arms }))().status).toBe('running');
});

test.each([
  ['no JSON', '{', /is not JSON/],
  ['a word that nobody reads', { name: 'x', arms: [{ ...arms[0], qualityPercent: 0 }] }, /\/arms\/0\/qualityPercent/],
  ['another field', { name: 'x', arms, organisation: 'o' }, /\/organisation is not a known field/],
  ['half a weight', { name: 'x', arms: [{ name: 'a', weight: 0.5 }] }, /\/arms\/0\/weight/],
  ['two arms of one name', { name: 'x', arms: [arms[0], arms[0]] }, /\/arms\/1\/name is the name of another arm/],
  ['the name of a flag', { name: 'flag:targeting', arms }, /\/name begins as a flag/],
  ['arms in which nobody stands', { name: 'x', arms: [{ name: 'a', weight: 0 }] }, /\/arms one arm needs a weight/],
  ['no arm', { name: 'x', arms: [] }, /\/arms/],
])('%s is refused with its place', async (_, document, message) => {
  const reading = await read(document);
  expect(reading).toThrow(message);
  expect(reading).toThrow(expect.objectContaining({ code: 'refused' }));
});
