import { expect, test } from 'vitest';
import { audit } from './audit.ts';
import { schemaType } from './avro.ts';
import { checkAnswers } from './check-answers.ts';
import { checkDialects } from './check-dialects.ts';
import { checkPrices } from './check-prices.ts';
import type { Run } from './facts.ts';
import { names } from './fault.ts';
import { callsOf, type Line } from './read-viewers.ts';
import { cola } from './sample-parts.ts';
import { sampleRun } from './sample-run.ts';

const line: Line = {
  ...{ seq: 1, kind: 'ad-request', intent: 'normal', url: 'http://x/api/v2/vast?ppid=u&hhid=h', body: null },
  ...{ status: 200, error: null, answer: null, cb: null, event: null, ad_id: null, request_id: 'r' },
};
const id = (n: number) => `40000000-0000-4000-8000-00000000000${n}`;

function tokenUrl(event: string, n: number, position: number): string {
  const facts = schemaType('tracking-token').toBuffer({
    ...{ partition: 3, viewer: 'v', request_id: 'r', reservation: id(n), campaign: id(8), creative: id(7) },
    ...{ advertiser: id(6), position, duration_seconds: 30, pricing_model: 'cpm', price_micros: 12_000 },
    ...{ minute: 5, expires_at: 6, click_expires_at: 7 },
  });
  return `http://x/api/v2/beacons/${event}?t=k.${facts.toString('base64url')}.sig`;
}

const ad = (n: number, place: string, position: number) =>
  `<Ad id="${id(n)}"${place}><InLine><Impression id="x"><![CDATA[${tokenUrl('impression', n, position)}]]></Impression>
   <Impression>http://third.example/</Impression><Creatives><Creative id="c${n}"><Linear><Duration>00:00:30</Duration></Linear></Creative>
   </Creatives></InLine></Ad>`;
const vast = (version: string, ...ads: readonly string[]) => `<VAST version="${version}">${ads.join('')}</VAST>`;
const told = (call: ReturnType<typeof callsOf>[number] | undefined) =>
  call?.answer?.ads.map((one) => [one.ad_id, one.creative_id, one.position, one.start_seconds, one.duration_seconds]);

test('VAST is read in its order, with what stands behind the pod, and campaign and advertiser from what was signed', () => {
  const answer = vast('4.1', ad(1, ' sequence="1"', 1), ad(2, ' sequence="2"', 2), ad(3, '', 0));
  const [call] = callsOf({ ...line, dialect: 'vast', answer });
  expect(told(call)).toEqual([
    [id(1), 'c1', 1, 0, 30],
    [id(2), 'c2', 2, 30, 30],
  ]);
  expect(call?.answer?.backups?.map(({ ad_id, position }) => [ad_id, position])).toEqual([[id(3), 0]]);
  expect(call?.answer?.ads[0]).toMatchObject({ campaign_id: id(8), advertiser_id: id(6) });
  expect(call).toMatchObject({ userId: 'u', householdId: 'h', dialect: 'vast', requestId: 'r' });
  expect(told(callsOf({ ...line, dialect: 'vast', answer: vast('2.0', ad(1, '', 1)) })[0])).toEqual([
    [id(1), 'c1', 1, 0, 30],
  ]);
  expect(callsOf({ ...line, dialect: 'vast', answer: answer.slice(0, -9) })[0]?.answer).toBeNull();
});

test('VMAP is a call for each break that was asked for, and none is known where one is missing', () => {
  const inside = (text: string) =>
    `<vmap:AdBreak><vmap:AdSource><vmap:VASTAdData>${text}</vmap:VASTAdData></vmap:AdSource></vmap:AdBreak>`;
  const vmap = (...pods: readonly string[]) => `<vmap:VMAP xmlns:vmap="x">${pods.map(inside).join('')}</vmap:VMAP>`;
  const asked = { ...line, dialect: 'vmap', url: 'http://x/api/v2/vmap?breaks=start,50%25' };
  const calls = callsOf({ ...asked, answer: vmap(vast('4.2', ad(1, ' sequence="1"', 1)), '<VAST version="4.2"/>') });
  expect(calls.map(({ requestId, answer }) => [requestId, answer?.ads.length])).toEqual([
    ['r/break-1', 1],
    ['r/break-2', 0],
  ]);
  expect(callsOf({ ...asked, answer: vmap('<VAST version="4.2"/>') }).map(({ answer }) => answer)).toEqual([
    null,
    null,
  ]);
});

const bidRequest = { imp: [{ id: '1', exp: 20, bidfloor: 5 }, { id: '2' }], user: { id: 'u' } };
const bidding = { ...line, dialect: 'openrtb', body: bidRequest, url: 'http://x/api/v2/openrtb' };

test('bids are read with their markup; no bid at all is an empty pod, a refusal none, and one too late may be either', () => {
  const bid = { id: id(1), impid: '1', price: 9, cid: 'camp', crid: 'c1', dur: 30, adm: vast('4.2', ad(1, '', 1)) };
  const answer = { seatbid: [{ bid: [{ ...bid, lurl: tokenUrl('notUsed', 1, 1) }] }] };
  const [first, second] = callsOf({ ...bidding, answer });
  expect(told(first)).toEqual([[id(1), 'c1', 1, 0, 30]]);
  expect(first).toMatchObject({ requestId: 'r/1', holdSeconds: 20, userId: 'u' });
  expect(first?.bids).toEqual([{ ad_id: id(1), campaign_id: 'camp', price: 9, floor: 5 }]);
  expect(second).toMatchObject({ requestId: 'r/2', answer: { request_id: 'r/2', ads: [] } });
  const otherwise = { seatbid: [{ bid: [{ ...bid, dur: 15 }] }] };
  expect(callsOf({ ...bidding, answer: otherwise })[0]?.answer).toBeNull();
  const none = (no_bid: string) => callsOf({ ...bidding, status: 204, no_bid });
  expect(none('no_eligible_campaigns').map((call) => call.answer?.ads.length)).toEqual([0, 0]);
  expect(none('currency')).toMatchObject([{ answer: null, refused: true }]);
  expect(none('tmax')).toMatchObject([
    { answer: null, overtaken: true },
    { answer: null, overtaken: true },
  ]);
});

test('an asset list is read by its signalling', () => {
  const tracking = [{ type: 'impression', urls: [tokenUrl('impression', 1, 1)] }];
  const payload = [{ duration: 30, identifiers: [{ value: 'c1' }], tracking }];
  const asset = { DURATION: 30, 'X-AD-CREATIVE-SIGNALING': { payload } };
  expect(told(callsOf({ ...line, dialect: 'asset-list', answer: { ASSETS: [asset] } })[0])).toEqual([
    [id(1), 'c1', 1, 0, 30],
  ]);
});

const replacing = (run: Run, requestId: string, changes: object): Run => ({
  ...run,
  calls: run.calls.map((call) => (call.requestId === requestId ? { ...call, ...changes } : call)),
});

test('a request that an exchange’s time overtook may be in the log; one that was refused may not', () => {
  const run = sampleRun();
  expect(names(checkAnswers(replacing(run, 'request-1', { answer: null, status: 204, overtaken: true })))).toEqual([]);
  expect(names(checkAnswers(replacing(run, 'request-1', { answer: null, status: 204, refused: true })))).toEqual([
    'trace_of_refused',
  ]);
});

test('what the API gives back itself is nobody’s beacon, only where it was too late', () => {
  const run = sampleRun();
  const [beacon] = run.log.beacons;
  if (!beacon) throw new Error('the sample has beacons');
  const value = { ...beacon.value, event: 'notUsed', cachebuster: null, request_id: 'request-1' };
  const given: Run = { ...run, log: { ...run.log, beacons: [...run.log.beacons, { ...beacon, offset: 9, value }] } };
  expect(names(checkAnswers(given))).toEqual(['beacon_unsent']);
  const late = { answer: null, status: 204, overtaken: true };
  expect(names(checkAnswers(replacing(given, 'request-1', late)))).toEqual([]);
  const unheard = { answer: null, status: null, error: 'ECONNRESET' };
  expect(names(checkAnswers(replacing(given, 'request-1', unheard)))).toEqual([]);
  const both = replacing(given, 'request-1', late);
  const told = run.calls.filter(({ requestId }) => requestId === 'request-1');
  expect(names(checkAnswers({ ...both, calls: [...both.calls, ...told] }))).toEqual(['bid_taken_back']);
});

test('the dialect of the log is the one of the request; bids cost what campaigns pay, and no less than the floor', () => {
  const run = sampleRun();
  expect(checkDialects(run)).toEqual([]);
  expect(names(checkDialects(replacing(run, 'request-1', { dialect: 'vmap' })))).toEqual(['dialect_differs']);
  const bids = (price: number, floor: number) => ({ bids: [{ ad_id: 'a', campaign_id: cola, price, floor }] });
  expect(names(checkDialects(replacing(run, 'request-0', bids(12, 5))))).toEqual([]);
  expect(names(checkDialects(replacing(run, 'request-0', bids(11.999, 5))))).toEqual(['bid_wrong']);
  expect(names(checkDialects(replacing(run, 'request-0', bids(12, 12.5))))).toEqual(['bid_wrong']);
});

test('a place that an exchange wants for a shorter time ends sooner, and only then', () => {
  const run = sampleRun();
  expect(names(checkPrices(run))).toEqual([]);
  expect(names(checkPrices(replacing(run, 'request-0', { holdSeconds: 1 })))).toEqual(['expiry_wrong']);
  expect(names(checkPrices(replacing(run, 'request-0', { holdSeconds: 3_600 })))).toEqual([]);
});

test('what an ad tells while it plays is in time for as long as a click, whatever an exchange wanted its place held', () => {
  const run = replacing(sampleRun(), 'request-0', { holdSeconds: 1 });
  const only = (event: string, expires_at?: number) => {
    const of = run.log.beacons.filter(({ value }) => value.request_id === 'request-0').slice(0, 1);
    const beacons = of.map((one) => ({
      ...one,
      value: { ...one.value, event, ...(expires_at ? { expires_at } : {}) },
    }));
    return names(checkPrices({ ...run, log: { ...run.log, beacons } }));
  };
  const { minute } = run.log.beacons[0]?.value ?? { minute: 0 };
  const click = (minute + 1) * 60_000 + run.settings.click_token_life_ms;
  expect(['complete', 'start', 'click'].map((event) => only(event, click))).toEqual([[], [], []]);
  expect(['impression', 'notUsed', 'error'].map((event) => only(event, click))).toEqual(
    Array(3).fill(['expiry_wrong']),
  );
  expect(only('complete', click - 1)).toEqual(['expiry_wrong']);
});

test('the log’s traffic is counted by dialect', () => {
  const { dialects } = audit(sampleRun(), { allowNo: [], deadLettersExpected: 0 });
  expect(dialects).toEqual({
    json: { requests: 1, ads: 2, beacons: 5 },
    vast: { requests: 1, ads: 1, beacons: 0 },
  });
});
