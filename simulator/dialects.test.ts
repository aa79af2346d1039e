import { expect, test } from 'vitest';
import type { AdRequestBody } from './ad-request.ts';
import { askIn } from './asking.ts';
import { auction } from './auction.ts';
import { planBeacons } from './beacons.ts';
import { type Answer, type Dialect, dialects, type ServedBreak, type Visit } from './call.ts';
import { populate } from './population.ts';
import { Dice } from './random.ts';
import { kept, readAnswer } from './read-answer.ts';
import { planRequests } from './schedule.ts';

const START = Date.UTC(2026, 4, 12);
const options = { baseUrl: 'http://ads', seed: 7, startMs: START, forMs: 100_000, rate: 40, compress: 60 };
const body: AdRequestBody = {
  request_id: 'r-1',
  pod_duration: 90,
  max_ads: 3,
  session: { id: 's' },
  user: { id: 'u', household_id: 'h', age: 40 },
  device: { type: 'smart_tv', ip: '198.18.0.1', lmt: false },
  geo: { country: 'GB' },
  consent: { gdpr: true, granted: true },
};

test('a run speaks all dialects, each in its share, and none that it is told not to', () => {
  const count = (spoken: readonly Dialect[]) => {
    const planned = planRequests({ ...options, dialects: spoken }, populate(7, 240));
    return dialects.map((dialect) => planned.filter(({ due }) => due.call.dialect === dialect).length / planned.length);
  };
  const shares = count(dialects);
  for (const [at, share] of [0.42, 0.24, 0.08, 0.1, 0.16].entries()) expect(shares[at]).toBeCloseTo(share, 1);
  expect(count(['json', 'vmap']).map((share) => share > 0)).toEqual([true, false, true, false, false]);
});

test('parameters say what the body says, in the words of several players', () => {
  const names = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const { method, path } = askIn('vast', new Dice(seed, 'words'), body, 90);
    if (method === 'POST') continue;
    const query = new URL(path, 'http://ads').searchParams;
    for (const name of query.keys()) names.add(name);
    expect(query.get('request_id')).toBe('r-1');
    const length = query.get('pod_duration') ?? query.get('duration') ?? Number(query.get('pmxd')) / 1000;
    expect(Number(length)).toBe(90);
    expect(query.get('user_id') ?? query.get('ppid') ?? query.get('uid')).toBe('u');
    expect(query.get('lmt') ?? query.get('is_lat') ?? query.get('ROKU_ADS_LIMIT_TRACKING')).toBe('0');
  }
  for (const name of ['user_id', 'ppid', 'ROKU_ADS_USER_COUNTRY', 'not_used', 'version']) expect(names).toContain(name);
});

test('an exchange asks by OpenRTB: pods of three kinds, the viewer in its words', () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const bid = askIn('openrtb', new Dice(seed, 'words'), body, 90).body as {
      id: string;
      imp: { video: { poddur?: number } }[];
      device: { geo: object; devicetype: number };
      user: { consent: string };
    };
    expect(bid).toMatchObject({ id: 'r-1', device: { geo: { country: 'GBR' }, devicetype: 3 }, user: { id: 'u' } });
    expect(bid.user.consent).toMatch(/^C/);
    kinds.add(bid.imp.map(({ video }) => (video.poddur === undefined ? 'slot' : 'pod')).join());
  }
  expect([...kinds].sort()).toEqual(['pod', 'slot,pod', 'slot,slot']);
});

const ad = (id: string, sequence: string, more = '') => `<Ad id="${id}"${sequence}><InLine><AdSystem>X</AdSystem>
  <Error><![CDATA[http://ads/error?t=${id}&code=[ERRORCODE]]]></Error>
  <Impression><![CDATA[http://ads/impression?t=${id}&cb=[CACHEBUSTING]]]></Impression>
  <Impression>http://third.example/?a=1&amp;b=2</Impression>
  <ViewableImpression><Viewable><![CDATA[http://ads/viewable?t=${id}]]></Viewable></ViewableImpression>${more}
  <Creatives><Creative id="companion"><CompanionAds/></Creative><Creative id="c-${id}"><Linear><TrackingEvents>
    <Tracking event="start"><![CDATA[http://ads/start?t=${id}]]></Tracking>
    <Tracking event="progress" offset="00:00:05"><![CDATA[http://ads/progress?t=${id}&offset=[ADPLAYHEAD]]]></Tracking>
  </TrackingEvents><Duration>00:00:30</Duration><MediaFiles><MediaFile>http://m/x.mp4</MediaFile></MediaFiles>
  <VideoClicks><ClickTracking>http://ads/click?t=${id}</ClickTracking></VideoClicks></Linear></Creative></Creatives>
  </InLine></Ad>`;
const unused =
  '<Extensions><Extension type="notUsed"><Tracking event="notUsed">http://ads/unused</Tracking></Extension></Extensions>';
const vast = `<VAST version="4.2" xmlns="http://www.iab.com/VAST">${ad('b', ' sequence="2"')}${ad('a', ' sequence="1"')}${ad('spare', '', unused)}</VAST>`;

const visit: Visit = {
  ...{ ordinal: 3, viewer: 'v', userAgent: 'tv', bot: false, requestId: 'r', dialect: 'openrtb' },
  ...{ requestedSeconds: 60, conflict: false, answered: true },
};

const answered = (text: string, status = 200): Answer => ({
  ...{ status, text, error: null, retryAfterMs: null, noBid: null },
});
const read = (dialect: Dialect, answer: Answer) => readAnswer(dialect, answer, kept(dialect, answer));

test('VAST is read as a player does: the pod by its sequence, the rest to stand in, every URL of an event', () => {
  const [only] = read('vast', answered(vast)) ?? [];
  expect(only?.pod.ads.map(({ ad_id, start_seconds }) => [ad_id, start_seconds])).toEqual([
    ['a', 0],
    ['b', 30],
  ]);
  expect(only?.pod.backups.map(({ ad_id }) => ad_id)).toEqual(['spare']);
  expect(only?.pod.backups[0]?.tracking.notUsed).toEqual(['http://ads/unused']);
  expect(only?.pod.ads[0]).toMatchObject({
    creative_id: 'c-a',
    duration_seconds: 30,
    tracking: { impression: ['http://ads/impression?t=a&cb=[CACHEBUSTING]', 'http://third.example/?a=1&b=2'] },
    told: [
      { event: 'viewable', atSeconds: 2 },
      { event: 'progress', atSeconds: 5 },
    ],
  });
});

test('version 2.0 has no sequence: all of its ads are the pod; a wrapper is not followed, and told to be an error', () => {
  const old = `<VAST version="2.0">${ad('x', '')}<Ad id="w"><Wrapper><VASTAdTagURI>http://t</VASTAdTagURI><Error>http://ads/e</Error>
    <Creatives><Creative><Linear/></Creative></Creatives></Wrapper></Ad></VAST>`;
  const [only] = read('vast', answered(old)) ?? [];
  expect(only?.pod.ads.map(({ ad_id, playable }) => [ad_id, playable])).toEqual([
    ['x', true],
    ['w', false],
  ]);
});

test('VMAP is read break by break, wherever each says that it is', () => {
  const broken = (offset: string, inside: string) =>
    `<vmap:AdBreak timeOffset="${offset}"><vmap:AdSource><vmap:VASTAdData>${inside}</vmap:VASTAdData></vmap:AdSource><vmap:TrackingEvents>
     <vmap:Tracking event="breakStart">http://ads/begin?at=${offset}</vmap:Tracking><vmap:Tracking event="error">http://ads/none?code=[ERRORCODE]</vmap:Tracking>
     </vmap:TrackingEvents></vmap:AdBreak>`;
  const empty = '<VAST version="4.2"><Error>http://ads/empty?code=[ERRORCODE]</Error></VAST>';
  const vmap = `<vmap:VMAP xmlns:vmap="http://www.iab.net/videosuite/vmap">${broken('start', vast)}${broken('50%', empty)}${broken('end', vast)}</vmap:VMAP>`;
  const breaks = read('vmap', answered(vmap)) ?? [];
  expect(breaks.map(({ atSeconds, pod }) => [atSeconds, pod.ads.length])).toEqual([
    [0, 2],
    [30, 0],
    [60, 2],
  ]);
  const plans = Array.from({ length: 40 }, (_, ordinal) =>
    planBeacons({ ...options, tokenLifeMs: 4_000 }, { ...visit, ordinal, dialect: 'vmap' }, breaks, START),
  );
  const told = plans.flat().flatMap(({ call }) => (call.kind === 'break' ? [call.url.replace('http://ads/', '')] : []));
  const times = (url: string) => told.filter((one) => one === url).length;
  expect(times('begin?at=start')).toBe(40);
  expect(times('begin?at=50%')).toBeGreaterThan(10);
  expect(times('begin?at=50%')).toBeLessThan(40);
  expect([times('none?code=303'), times('empty?code=303')]).toEqual([times('begin?at=50%'), times('begin?at=50%')]);
});

test('asset lists and bids are read; what is none of it is not understood', () => {
  const tracking = [{ type: 'impression', offset: 0, urls: ['http://ads/i'] }];
  const payload = [{ identifiers: [{ scheme: 'unknown', value: 'c1' }], tracking }];
  const asset = { URI: 'http://m/x.m3u8', DURATION: 15, 'X-AD-CREATIVE-SIGNALING': { payload } };
  const [list] = read('asset-list', answered(JSON.stringify({ ASSETS: [asset, asset] }))) ?? [];
  expect(list?.pod.ads.map((one) => [one.ad_id, one.creative_id, one.start_seconds])).toEqual([
    [null, 'c1', 0],
    [null, 'c1', 15],
  ]);
  const bid = {
    price: 9,
    adm: `<VAST version="4.2">${ad('x', '')}</VAST>`,
    lurl: `http://ads/l?code=$\{AUCTION_LOSS}`,
  };
  const [bids] = read('openrtb', answered(JSON.stringify({ seatbid: [{ bid: [bid] }] }))) ?? [];
  expect(bids?.pod.ads).toMatchObject([{ ad_id: 'x', lossUrl: bid.lurl }]);
  expect(read('openrtb', answered('', 204))).toEqual([
    { atSeconds: 0, pod: { filled_seconds: 0, ads: [], backups: [] } },
  ]);
  for (const dialect of dialects) expect(read(dialect, answered('<html>'))).toBeNull();
});

test('an exchange tells each bid that loses why, and plays the others one behind the other', () => {
  const bid = (id: string) =>
    `{"price":9,"adm":${JSON.stringify(`<VAST version="4.2">${ad(id, '')}</VAST>`)},"lurl":"http://ads/notUsed?t=${id}&code=\${AUCTION_LOSS}"}`;
  const all = Array.from({ length: 40 }, (_, at) => bid(`ad-${at}`)).join();
  const breaks = read('openrtb', answered(`{"seatbid":[{"bid":[${all}]}]}`)) as readonly ServedBreak[];
  const { won, lost } = auction(new Dice(7, 'auction 3'), breaks);
  expect(lost.length).toBeGreaterThan(0);
  expect(won[0]?.pod.ads.map(({ start_seconds }) => start_seconds)).toEqual(won[0]?.pod.ads.map((_, at) => at * 30));
  const plan = planBeacons({ ...options, tokenLifeMs: 4_000 }, visit, breaks, START);
  const urls = plan.map(({ call }) => call.url).filter((url) => url.includes('/notUsed'));
  expect(urls.filter((url) => url.includes('code=102&cb='))).toHaveLength(lost.length);
  const shown = plan.filter(({ call }) => call.event === null && call.url.includes('/impression'));
  for (const { ad_id } of lost) expect(shown.some(({ call }) => call.url.includes(`t=${ad_id}&`))).toBe(false);
});
