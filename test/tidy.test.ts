import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { closedRooms, functionsOf, importsOf, interfacesOf, readText, rooms, sourceFiles } from './source-files.ts';

const LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;
const PORT_METHODS_MAX = 6;
const README_LINES_MAX = 30;

const files = sourceFiles('.ts', '.mjs');
const product = files.filter(({ isTest, room }) => !isTest && room !== 'test');

test('there are files to look at in every room', () => {
  for (const room of Object.keys(rooms)) {
    expect(files.filter((file) => file.room === room).length, room).toBeGreaterThan(0);
  }
});

test(`no file has more than ${LINES_MAX} lines`, () => {
  const long = files.filter(({ lines }) => lines.length > LINES_MAX);
  expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
});

test(`no function has more than ${FUNCTION_LINES_MAX} lines`, () => {
  const long = files.flatMap((file) =>
    functionsOf(file)
      .filter(({ length }) => length > FUNCTION_LINES_MAX)
      .map(({ name, line, length }) => `${file.path}:${line} ${name} ${length}`),
  );
  expect(long).toEqual([]);
});

test('the measure of functions sees functions, methods and arrows', () => {
  const lines = [
    'export function one() {',
    '  return 1;',
    '}',
    'class Two {',
    '  three(',
    '    a: 1,',
    '  ) {',
    '    a;',
    '  }',
    '}',
    'const four = () => {',
    '  4;',
    '};',
  ];
  const found = functionsOf({ path: 'x.ts', room: 'cli', lines, isTest: false });
  expect(found.map(({ name, length }) => [name, length])).toEqual([
    ['one', 3],
    ['three', 5],
    ['four', 3],
  ]);
});

test(`no port has more than ${PORT_METHODS_MAX} methods, and none is optional`, () => {
  const ports = { EventLog: 0, StateStore: 0, Warehouse: 0, Catalog: 0, Clock: 0 };
  for (const file of product.filter(({ room }) => room === 'engines')) {
    for (const { name, methods } of interfacesOf(file))
      if (Object.hasOwn(ports, name)) Object.assign(ports, { [name]: methods.length });
  }
  for (const [name, methods] of Object.entries(ports)) {
    expect(methods, name).toBeGreaterThan(1);
    expect(methods, name).toBeLessThanOrEqual(PORT_METHODS_MAX);
  }
});

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Where it is allowed: the beginning of a path. */
  readonly except: readonly string[];
}

// Written in pieces where this file would otherwise accuse itself.
const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    instead: 'the Clock handed in',
    except: ['engines/clock.ts', 'simulator/clock.ts', 'cli/', 'evidence/'],
  },
  { pattern: /\bprocess\.env\b/, instead: 'engines/config.ts', except: ['engines/config.ts'] },
  { pattern: /\bMath\.random\b/, instead: 'the Random handed in', except: ['engines/random.ts'] },
  { pattern: /\bconsole\./, instead: 'the Logger handed in', except: ['cli/', 'evidence/', 'simulator/'] },
  { pattern: /\bas any\b|: any(?=[;,)=\]>|[]|$| [=|])/, instead: 'a type, or unknown', except: [] },
  { pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignore/, instead: 'mending it', except: [] },
  { pattern: /^export default\b/, instead: 'a named export', except: [] },
  { pattern: /\b(TODO|FIXME|XXX)\b/, instead: 'doing it, or an issue', except: [] },
];

for (const { pattern, instead, except } of bans) {
  test(`${pattern.source} is written nowhere: use ${instead}`, () => {
    const found = product
      .filter(({ path }) => !except.some((allowed) => path.startsWith(allowed)))
      .flatMap(({ path, lines }) =>
        lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });
}

test('no test is skipped or run alone', () => {
  const found = files
    .filter(({ isTest }) => isTest)
    .flatMap(({ path, lines }) =>
      lines
        .filter((line) => /\b(it|test|describe)\.(only|skip|todo)\b/.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
  expect(found.filter((line) => !line.startsWith('test/tidy.test.ts'))).toEqual([]);
});

test('file names are kebab-case and say what is inside', () => {
  const vague = /(^|[-.])(utils?|helpers?|common|manager|service|misc)([-.]|$)/;
  const odd = files.filter(
    ({ path }) => !/^[a-z0-9]+([-.][a-z0-9]+)*\.(ts|mjs)$/.test(basename(path)) || vague.test(basename(path)),
  );
  expect(odd.map(({ path }) => path)).toEqual([]);
});

test('index.ts only lists', () => {
  const doing = files.filter(
    ({ path, lines }) => basename(path) === 'index.ts' && lines.some((line) => /\b(function|class|=>)\b/.test(line)),
  );
  expect(doing.map(({ path }) => path)).toEqual([]);
});

test('rooms import only what the law allows', () => {
  const broken = product.flatMap((file) => {
    const closed = Object.keys(closedRooms).find((room) => file.path.startsWith(`${room}/`));
    const allowed = closed === undefined ? (rooms[file.room] ?? []) : (closedRooms[closed] ?? []);
    return importsOf(file)
      .filter((target) => !allowed.some((room) => target === room || target.startsWith(`${room}/`)))
      .map((target) => `${file.path} imports ${target}`);
  });
  expect(broken).toEqual([]);
});

test('every import leads to a file', () => {
  const lost = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => /\.(ts|mjs|json)$/.test(target) && readText(target) === null)
      .map((target) => `${file.path} imports ${target}`),
  );
  expect(lost.filter((line) => !line.startsWith('test/tidy.test.ts'))).toEqual([]);
});

test('only engines/open.ts names an adapter', () => {
  const adapters = /engines\/[\w-]+\/(lmdb|postgres|clickhouse|embedded|kafka|redis)[\w-]*\.ts$/;
  const naming = product
    .filter(({ path, room }) => path !== 'engines/open.ts' && room !== 'engines' && room !== 'evidence')
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => adapters.test(target))
        .map((target) => `${file.path} imports ${target}`),
    );
  expect(naming).toEqual([]);
});

test(`every room has a README of at most ${README_LINES_MAX} lines`, () => {
  const wrong = Object.keys(rooms).flatMap((room) => {
    const text = readText(`${room}/README.md`);
    if (text === null) return [`${room}/README.md is missing`];
    const count = text.trimEnd().split('\n').length;
    return count > README_LINES_MAX ? [`${room}/README.md has ${count} lines`] : [];
  });
  expect(wrong).toEqual([]);
});
