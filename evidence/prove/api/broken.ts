import type { Sent } from './ask.ts';
import type { Draw } from './draw.ts';

/** Text that JSON.stringify does not write; put in place of a marker. */
const raw: Readonly<Record<string, string>> = {
  '@NaN': 'NaN',
  '@Infinity': '-Infinity',
  '@huge': '1e400',
  '@wide': '99999999999999999999999999',
  '@minus': '-0',
  '@fraction': '0.1000000000000000055511151231257827',
  '@half': '"\\ud800"',
  '@nul': '"a\\u0000b"',
};

function junk(draw: Draw): unknown {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  return draw.of<() => unknown>([
    () => draw.of(Object.keys(raw)),
    () => draw.of([0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 53 - 1, 2 ** 63, -(2 ** 63), Number.MIN_VALUE, 1e21]),
    () => draw.of([null, true, false, [], {}, '', ' ', '0', 'null']),
    () =>
      draw.of(['a\u0007b', '\u202eabc', '\ufeff', "'; DROP TABLE campaigns; --", '{{7*7}}', '%00', '../../etc/passwd']),
    () => 'x'.repeat(draw.of([256, 5_000, 100_000])),
    () =>
      draw.of([
        'Europe/Atlantis',
        'XX',
        'ZZ-99',
        '2026-02-31T00:00:00Z',
        '9999-12-31T23:59:59Z',
        '0000-01-01T00:00:00Z',
      ]),
    () => deep(draw.of([5, 40, 200])),
    () => Array.from({ length: draw.of([65, 1_000]) }, (_, n) => n),
    () => ({ __proto__x: 1, constructor: { prototype: 1 } }),
    () => draw.uuid(),
    () => ({ min: 9, max: 1 }),
  ])();
}

/** Puts junk somewhere in a value; answers the value. */
function spoil(value: unknown, draw: Draw): unknown {
  if (typeof value !== 'object' || value === null || draw.chance(15)) return junk(draw);
  if (Array.isArray(value)) {
    if (value.length === 0 || draw.chance(20)) return [...value, junk(draw)];
    const at = draw.below(value.length);
    return value.map((each, index) => (index === at ? spoil(each, draw) : each));
  }
  const names = Object.keys(value);
  if (names.length === 0 || draw.chance(15))
    return { ...value, [draw.of(['unknown', '__proto__', 'id', '', 'a/b~c'])]: junk(draw) };
  const name = draw.of(names);
  if (draw.chance(20)) {
    return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
  }
  return { ...value, [name]: spoil((value as Record<string, unknown>)[name], draw) };
}

function written(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.replace(/"(@[a-zA-Z]+)"/g, (whole, marker: string) => raw[marker] ?? whole);
}

function spoilBody(sent: Sent, draw: Draw): Sent {
  const text = String(sent.body ?? '{}');
  const lines = text.split('\n').filter((line) => line !== '');
  const spoiled = lines.map((line) => written(spoil(JSON.parse(line), draw))).join('\n');
  return { ...sent, body: spoiled };
}

function spoilBytes(sent: Sent, draw: Draw): Sent {
  const text = String(sent.body ?? '{}');
  return {
    ...sent,
    body: draw.of<() => string | Buffer>([
      () => text.slice(0, draw.below(text.length + 1)),
      () => Buffer.from([0xff, 0xfe, 0x00, 0x80]),
      () => '',
      () => `\ufeff${text}`,
      () => `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      () => `{"a":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_001)}`,
      () => '"text"',
      () => '1e999',
      () => `${text}${text}`,
      () => written(Array.from({ length: 2_000 }, () => ({}))),
    ])(),
  };
}

function spoilPath(sent: Sent, draw: Draw): Sent {
  const [path = '', query = ''] = sent.path.split('?');
  const parts = path.split('/');
  const at = 3 + draw.below(Math.max(1, parts.length - 3));
  const wrong = draw.of([
    '%00',
    '%ff',
    '%',
    'x'.repeat(700),
    '..%2f..',
    draw.uuid(),
    draw.uuid().toUpperCase(),
    '-1',
    'NaN',
    '%F0%9F%92%A9',
    "'",
  ]);
  return { ...sent, path: `${parts.map((part, index) => (index === at ? wrong : part)).join('/')}?${query}` };
}

function spoilQuery(sent: Sent, draw: Draw): Sent {
  const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wrong = draw.of([
    'limit=0',
    'limit=-1',
    'limit=1e9',
    'limit=501',
    'limit=abc',
    'limit=1&limit=2',
    'limit[]=1',
    'cursor=',
    'cursor=%00',
    'cursor=AAAA',
    `cursor=${cursor(['pods', 'a', 'b'])}`,
    `cursor=${cursor(['campaigns:-created_at', 'infinity', draw.uuid()])}`,
    `cursor=${cursor(['campaigns:-created_at', '2026-01-01 00:00:00+00', 'x'])}`,
    `cursor=${cursor(['campaigns:-created_at', '999999-99-99 99:99:99+99', draw.uuid()])}`,
    `cursor=${cursor(['campaigns:name', '\ud800', draw.uuid()])}`,
    `cursor=${cursor(['audit', '99999999999999999999', '1'])}`,
    `cursor=${cursor([1, 2, 3])}`,
    `cursor=${cursor('x'.repeat(900))}`,
    'sort=-',
    'sort=id;drop',
    'unknown=1',
    'name=%25%5F%5C',
    'name=%00',
    'running_at=yesterday',
    'running_at=2026-02-31T00:00:00Z',
    'from=2026-13-01',
    'from=0000-00-00&to=9999-99-99',
    'known_sequence=99999999999999999999&known_hash=zz',
    '%E0%A4%A=1',
    'a'.repeat(3_000),
  ]);
  return { ...sent, path: `${sent.path}${sent.path.includes('?') ? '&' : '?'}${wrong}` };
}

function spoilHeaders(sent: Sent, draw: Draw): Sent {
  const wrong = draw.of<Record<string, string>>([
    { 'if-match': '"abc"' },
    { 'if-match': 'W/"1"' },
    { 'if-match': '"999999999999999"' },
    { 'if-match': '"9999999999999999999999"' },
    { 'if-match': '"1", "2"' },
    { 'if-match': '' },
    { 'idempotency-key': 'with space' },
    { 'idempotency-key': 'k'.repeat(300) },
    { 'idempotency-key': '' },
    { authorization: 'Bearer' },
    { authorization: 'Basic dXNlcjpwYXNz' },
    { authorization: `Bearer ${'x'.repeat(5_000)}` },
    { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4Iiwic2lkIjoieSJ9.' },
    { authorization: 'Bearer bw_000000000000_0000000000000000000000000000000000000000000' },
    { 'x-api-key': '\u00ff\u00fe' },
    { 'content-type': 'application/xml' },
    { 'content-type': 'multipart/form-data' },
    { 'content-type': 'multipart/form-data; boundary=' },
    { 'content-type': ';;;' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-encoding': 'gzip' },
    { accept: 'application/xml' },
    { 'accept-encoding': 'zstd;q=nonsense' },
    { origin: 'null' },
    { 'x-forwarded-for': 'not, an, address' },
    { host: 'evil.example' },
    { range: 'bytes=0-0' },
    { 'if-none-match': '*' },
    { cookie: 'a=b; '.repeat(500) },
  ]);
  return { ...sent, headers: { ...sent.headers, ...wrong } };
}

function spoilMethod(sent: Sent, draw: Draw): Sent {
  return { ...sent, method: draw.of(['GET', 'PUT', 'DELETE', 'PATCH', 'POST', 'HEAD', 'OPTIONS']) };
}

/** One or two things about a lawful request, broken. */
export function broken(sent: Sent, draw: Draw): Sent {
  const bodies = sent.body === null ? [] : [spoilBody, spoilBody, spoilBody, spoilBody, spoilBytes];
  const ways = [...bodies, spoilPath, spoilQuery, spoilHeaders, spoilMethod];
  let spoiled = draw.of(ways)(sent, draw);
  if (draw.chance(25)) spoiled = draw.of([spoilHeaders, spoilQuery])(spoiled, draw);
  return spoiled;
}

/** What is large is sent a few times only. */
export function huge(sent: Sent): readonly Sent[] {
  const rules = Array.from({ length: 10_000 }, () => ({
    conditions: [{ dimension: 'geo_countries', mode: 'include', values: ['US'] }],
  }));
  return [
    { ...sent, body: JSON.stringify({ rules }) },
    {
      ...sent,
      body: JSON.stringify({
        rules: [{ conditions: [{ dimension: 'geo_cities', mode: 'include', values: rules.map((_, n) => `c${n}`) }] }],
      }),
    },
    { ...sent, body: `{"name":"${'x'.repeat(9_000_000)}"}` },
    { ...sent, body: JSON.stringify({ rules: Array.from({ length: 201 }, () => rules[0]) }) },
  ];
}
