import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dimensionTable } from '../domain/targeting/describe.ts';

/**
 * A tour of targeting that runs. It adds a dimension to a copy of the project, as you would to yours: campaigns are to ask for the
 * channel that plays around the ad, which the ad request tells in a field of its own.
 */

const project = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'breakwater-tour-'));
  for (const part of ['domain', 'schemas', 'engines', 'decision-api', 'package.json', 'tsconfig.json']) {
    await cp(join(project, part), join(copy, part), { recursive: true });
  }
  await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

/** Runs a script in the copy and reads the JSON that it prints. */
async function inCopy(script: string): Promise<unknown> {
  await writeFile(join(copy, 'tour.ts'), script);
  const { stdout } = await run(process.execPath, ['tour.ts'], { cwd: copy });
  return JSON.parse(stdout);
}

// One file: a name, what it is about, a sentence, an example, where the request has it, and how a value is read.
const oneFile = `import { fieldDimension, parseName } from '../dimension.ts';
import { identifier } from '../names.ts';

export const contentChannels = fieldDimension({
  name: 'content_channels',
  about: 'content',
  doc: 'Channels that play around the ad.',
  example: 'news_24',
  field: { in: 'content', name: 'channel' },
  parse: parseName(identifier, 'a channel, such as news_24'),
});
`;
// And one line.
const oneLine = "export { contentChannels } from './content-channels.ts';\n";

test('before that, nobody knows of channels', async () => {
  const known = await inCopy(`
    import { dimensions } from './domain/targeting/dimensions.ts';
    import { unknownFields } from './decision-api/routes/ad-request-schema.ts';
    const unknown = unknownFields({ pod_duration: 30, content: { channel: 'News 24' } });
    console.log(JSON.stringify([dimensions.length, unknown]));`);
  expect(known).toEqual([16, ['/content/channel']]);
});

test('one file and one line later there is a dimension', async () => {
  const list = join(copy, 'domain/targeting/dimensions/index.ts');
  await writeFile(join(copy, 'domain/targeting/dimensions/content-channels.ts'), oneFile);
  await writeFile(list, (await readFile(list, 'utf8')) + oneLine);
  // Names are a type: where it is misspelt, the compiler says so.
  await writeFile(
    join(copy, 'domain/tour-types.ts'),
    `import type { DimensionName } from './campaign.ts';\nexport const added: DimensionName = 'content_channels';\n`,
  );
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  const config = { extends: './tsconfig.json', include: ['domain', 'schemas', 'decision-api/routes'] };
  await writeFile(join(copy, 'tsconfig.tour.json'), JSON.stringify(config));
  const wrong = await run(process.execPath, [tsc, '--noEmit', '-p', 'tsconfig.tour.json'], { cwd: copy }).then(
    () => '',
    (error: { readonly stdout: string }) => error.stdout,
  );
  expect(wrong).toBe('');
});

test('the API takes its field, and a rule can ask for it', async () => {
  const answer = await inCopy(`
    import { unknownFields } from './decision-api/routes/ad-request-schema.ts';
    import { conditionSchema } from './domain/targeting/describe.ts';
    const unknown = unknownFields({ pod_duration: 30, content: { channel: 'News 24', chanel: 'x' } });
    const rules = conditionSchema().oneOf.map(({ properties }) => properties.dimension.const);
    console.log(JSON.stringify({ unknown, ruleKnown: rules.includes('content_channels') }));`);
  expect(answer).toEqual({ unknown: ['/content/chanel'], ruleKnown: true });
});

test('a decision keeps to it, and explain names it; the index answers as the plain matcher does', async () => {
  const answer = await inCopy(`
    import { openHouse, testCampaign } from './decision-api/test-house.ts';
    const rule = (mode, values) => [{ id: 'r', conditions: [{ dimension: 'content_channels', mode, values }] }];
    const campaigns = [
      testCampaign({ name: 'on news', targeting: rule('include', ['News 24']) }),
      testCampaign({ name: 'off news', targeting: rule('exclude', ['news-24']) }),
    ];
    const house = await openHouse(campaigns);
    const ask = async (content) => {
      const { json } = await house.post({ pod_duration: 30, content }, '?explain=1');
      return json.explain.campaigns.map(({ outcome, detail }) => outcome + ' ' + detail);
    };
    const askStored = async (content) => {
      await house.post({ request_id: 'r', pod_duration: 30, content });
      const answer = await house.api.app.inject({ url: '/api/v2/requests/r/explain' });
      return answer.json().campaigns.map(({ outcome, detail }) => outcome + ' ' + detail);
    };
    const said = [await ask({ channel: 'NEWS 24' }), await ask({ channel: 'Cartoons' }), await ask({})];
    const stored = await askStored({ channel: 'NEWS 24' });
    await house.close();
    console.log(JSON.stringify([...said, stored]));
    process.exit();`);
  expect(answer).toEqual([
    ['won null', 'targeting content_channels'],
    ['targeting content_channels', 'won null'],
    ['targeting content_channels', 'won null'],
    ['won null', 'targeting content_channels'],
  ]);
});

test('the documentation has it', async () => {
  const table = await inCopy(`
    import { dimensionTable } from './domain/targeting/describe.ts';
    console.log(JSON.stringify(dimensionTable()));`);
  expect(table).toContain('| `content_channels` | content | Channels that play around the ad. | `"news_24"` |');
});

test('docs/targeting.md holds the table of the dimensions that there are', async () => {
  const page = await readFile(join(project, 'docs/targeting.md'), 'utf8');
  expect(page).toContain(dimensionTable());
});
