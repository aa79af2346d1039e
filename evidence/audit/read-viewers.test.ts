import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { schemaType } from './avro.ts';
import { readToken } from './read-token.ts';
import { callsOf, type Line, wholeLines } from './read-viewers.ts';

const line: Line = {
  seq: 1,
  kind: 'beacon',
  intent: 'normal',
  url: 'http://x/api/v2/beacons',
  body: null,
  status: 202,
  error: null,
  answer: null,
  cb: null,
  event: null,
  ad_id: null,
  request_id: 'r',
};
const reservation = '40000000-0000-4000-8000-000000000001';
const facts = schemaType('tracking-token')
  .toBuffer({
    ...{ partition: 3, viewer: 'v', request_id: 'r', reservation, campaign: reservation, creative: reservation },
    ...{ advertiser: reservation, position: 1, duration_seconds: 30, pricing_model: 'cpm', price_micros: 12_000 },
    ...{ minute: 5, expires_at: 6, click_expires_at: 7 },
  })
  .toString('base64url');

test('a POST of beacons counts as one call for each, by URL or by parts', () => {
  const body = {
    beacons: [
      { url: `http://x/api/v2/beacons/complete?t=k.${facts}.sig&cb=a` },
      { event: 'click', t: `k.${facts}.sig`, cb: 'b' },
    ],
  };
  expect(callsOf({ ...line, body }).map(({ cb, event, adId, status }) => [cb, event, adId, status])).toEqual([
    ['a', 'complete', reservation, 202],
    ['b', 'click', reservation, 202],
  ]);
});

test('a request body that is no JSON is kept as a call without ids', () => {
  expect(callsOf({ ...line, kind: 'ad-request', body: '{"request_id"', request_id: null, status: 400 })).toMatchObject([
    { requestId: null, userId: null },
  ]);
});

test('a tracking URL gives its signed facts, and rubbish gives nothing', () => {
  expect(readToken(`http://x/api/v2/beacons/impression?t=k.${facts}.sig&cb=[CACHEBUSTING]`)).toMatchObject({
    reservation,
    price_micros: 12_000,
  });
  expect(readToken('http://x/api/v2/beacons/impression?t=k.AAAA.sig')).toBeNull();
  expect(readToken('http://x/')).toBeNull();
});

test('lines are read piece by piece, whatever a piece ends in, and one that was cut short is left out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-lines-'));
  const file = join(folder, 'lines');
  try {
    writeFileSync(file, 'one\n\nzwölf 漢字\nlong long line\ncut');
    for (let bytes = 1; bytes < 50; bytes++) {
      expect([...wholeLines(file, bytes)]).toEqual(['one', '', 'zwölf 漢字', 'long long line']);
    }
    writeFileSync(file, '');
    expect([...wholeLines(file)]).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
