import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runReportCommand } from '../cli/report.ts';
import { writeDelivery } from '../management-api/analytics/test-delivery.ts';
import { openTestHouse, type Party, partyOf, type TestHouse } from '../management-api/analytics/test-house.ts';
import { dataDictionary } from './data-dictionary.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...read('analytics.md').matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );

let house: TestHouse;
let party: Party;

beforeAll(async () => {
  house = await openTestHouse();
  party = await partyOf(house.desk, 'Tour');
  await writeDelivery(house.warehouse, [party], { from: Date.UTC(2026, 10, 1, 5), minutes: 1_000, beacons: 2_000 });
}, 180_000);

afterAll(() => house?.close());

test('the data dictionary says what the tables say, every column of them', async () => {
  expect(await dataDictionary(house.warehouse)).toBe(read('data-dictionary.md'));
});

test('every address on the page answers', async () => {
  const lines = blocks('http').join('').trim().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const path = line.replace('GET ', '').replace('CAMPAIGN', party.campaign);
    const said = await house.desk.ask(party.key, 'GET', path);
    expect(said.status, `${line}: ${JSON.stringify(said.body).slice(0, 300)}`).toBe(200);
  }
});

test('every report on the page is answered', async () => {
  for (const text of blocks('json')) {
    const said = await house.desk.ask(party.key, 'POST', '/api/v2/analytics/custom-report', JSON.parse(text));
    expect(said.status, JSON.stringify(said.body).slice(0, 300)).toBe(200);
    expect(Object.keys(said.body)).toContain('data_as_of');
  }
});

test('every command on the page prints its report', async () => {
  const { addAnalyse } = await import('../cli/commands/analyse.ts');
  const { url } = house;
  for (const line of blocks('sh').join('').trim().split('\n')) {
    const root = new Command();
    addAnalyse(root);
    const words = line.split(' ').slice(1);
    const command = root.commands.find((one) => one.name() === words[0]);
    command?.parseOptions(words.slice(1));
    const chunks: string[] = [];
    const stream = () => new Writable({ write: (chunk, _encoding, done) => done(void chunks.push(String(chunk))) });
    const code = await runReportCommand({
      ...(command?.opts() as { format: 'table' }),
      url,
      out: stream(),
      err: stream(),
    });
    expect(code, chunks.join('')).toBe(0);
    expect(chunks.join('').split('\n').length).toBeGreaterThan(3);
  }
});
