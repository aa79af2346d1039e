import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { chainLimits, followTag } from './follow-tag.ts';

/** What each path answers; the base is filled in. */
let pages: Record<string, string>;
let asked: string[];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const page = pages[(request.url ?? '').split('?')[0] ?? ''];
    response.writeHead(page === undefined ? 404 : 200).end(page?.replaceAll('BASE', base));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  asked = [];
});
afterAll(() => void server.close());
pages = {};
asked = [];

const follow = (path: string, seconds = 30) =>
  followTag(`${base}${path}`, seconds, {
    allowed: [new URL(base).host],
    never: ['https://ours.example'],
    now: Date.UTC(2026, 0, 5),
    unit: () => 0.5,
  });

const vast = (ad: string) => `<?xml version="1.0"?><VAST version="4.2" xmlns="http://www.iab.com/VAST">${ad}</VAST>`;

const wrapper = (name: string, next: string, { attributes = '', more = '' } = {}) =>
  vast(`<Ad id="${name}"><Wrapper ${attributes}><AdSystem>${name}</AdSystem>
    <Error><![CDATA[https://${name}.example/error?code=[ERRORCODE]]]></Error>
    <Impression><![CDATA[https://${name}.example/impression?cb=[CACHEBUSTING]&a=1]]></Impression>
    <ViewableImpression><Viewable>https://${name}.example/viewable</Viewable></ViewableImpression>
    ${more}
    <Creatives><Creative><Linear><TrackingEvents>
      <Tracking event="start">https://${name}.example/start?x={y}|z</Tracking>
      <Tracking event="fullscreen">https://${name}.example/fullscreen</Tracking>
      <Tracking event="progress" offset="50%">https://${name}.example/half</Tracking>
      <Tracking event="ownInvention">https://${name}.example/own</Tracking>
    </TrackingEvents><VideoClicks><ClickTracking>https://${name}.example/click</ClickTracking></VideoClicks></Linear></Creative></Creatives>
    <VASTAdTagURI><![CDATA[${next}]]></VASTAdTagURI></Wrapper></Ad>`);

const inLine = ({
  duration = '00:00:30',
  files = '<MediaFile delivery="progressive" type="video/mp4" width="1920" height="1080" bitrate="4000"><![CDATA[https://cdn.example/a.mp4]]></MediaFile>',
  more = '',
  linear = '',
} = {}) =>
  vast(`<Ad id="end"><InLine><AdSystem>end</AdSystem>${more}
    <Impression>https://end.example/impression</Impression><AdServingId>1</AdServingId><AdTitle>Rope &amp; sail &#8211; new</AdTitle>
    <AdVerifications><Verification vendor="measure.example-omid"><JavaScriptResource apiFramework="omid" browserOptional="true">https://measure.example/omid.js</JavaScriptResource>
      <TrackingEvents><Tracking event="verificationNotExecuted">https://measure.example/not?r=[REASON]</Tracking></TrackingEvents>
      <VerificationParameters>{"a":1}</VerificationParameters></Verification></AdVerifications>
    <Creatives>
      <Creative id="7" sequence="1"><Linear skipoffset="00:00:05"><Icons><Icon program="AdChoices" width="20" height="20" xPosition="right" yPosition="top">
          <StaticResource creativeType="image/png">https://cdn.example/i.png</StaticResource></Icon></Icons>
        <TrackingEvents><Tracking event="start">https://end.example/start</Tracking><Tracking event="complete">https://end.example/complete</Tracking>
          <Tracking event="progress" offset="00:00:07.6">https://end.example/7</Tracking></TrackingEvents>
        <Duration>${duration}</Duration>${linear}<MediaFiles>${files}</MediaFiles>
        <VideoClicks><ClickTracking>https://end.example/click</ClickTracking><ClickThrough>https://shop.example/</ClickThrough></VideoClicks></Linear>
        <UniversalAdId idRegistry="ad-id.org">CNPA0484000H</UniversalAdId></Creative>
      <Creative><CompanionAds><Companion id="c" width="300" height="250"><StaticResource creativeType="image/png">https://cdn.example/c.png</StaticResource>
        <TrackingEvents><Tracking event="creativeView">https://end.example/seen</Tracking></TrackingEvents></Companion></CompanionAds></Creative>
    </Creatives></InLine></Ad>`);

test('a chain becomes one ad with all trackers in the order of the chain', async () => {
  pages = {
    '/a': wrapper('first', 'BASE/b?cb=[CACHEBUSTING]&t=[TIMESTAMP]&ifa=[IFA]'),
    '/b': wrapper('second', 'BASE/end'),
    '/end': inLine(),
  };
  const { unwrapped, leftOut, expires } = await follow('/a');
  expect(asked).toEqual(['/a', '/b?cb=55000000&t=2026-01-05T00%3A00%3A00.000Z&ifa=-1', '/end']);
  const { trackers = [], ...rest } = unwrapped;
  const of = (event: string) => trackers.filter((each) => each.event === event).map(({ url }) => url);
  expect(of('impression')).toEqual([
    'https://first.example/impression?cb=[CACHEBUSTING]&a=1',
    'https://second.example/impression?cb=[CACHEBUSTING]&a=1',
    'https://end.example/impression',
  ]);
  expect(of('start')).toEqual([
    'https://first.example/start?x=%7By%7D%7Cz',
    'https://second.example/start?x=%7By%7D%7Cz',
    'https://end.example/start',
  ]);
  expect(of('click').map((url) => new URL(url).hostname)).toEqual(['first.example', 'second.example', 'end.example']);
  expect(of('error')).toEqual([
    'https://first.example/error?code=[ERRORCODE]',
    'https://second.example/error?code=[ERRORCODE]',
  ]);
  expect(of('playerExpand').length).toBe(2);
  expect(trackers.filter(({ event }) => event === 'progress').map(({ offsetSeconds }) => offsetSeconds)).toEqual([
    15, 15, 8,
  ]);
  expect(rest).toEqual({
    tag: `${base}/a`,
    wrappers: 2,
    durationSeconds: 30,
    media: [
      {
        url: 'https://cdn.example/a.mp4',
        type: 'video/mp4',
        delivery: 'progressive',
        width: 1920,
        height: 1080,
        bitrateKbps: 4000,
      },
    ],
    clickThrough: 'https://shop.example/',
    skipAfterSeconds: 5,
    title: 'Rope & sail – new',
    universalAdId: { registry: 'ad-id.org', value: 'CNPA0484000H' },
    verifications: [
      {
        vendor: 'measure.example-omid',
        url: 'https://measure.example/omid.js',
        browserOptional: true,
        parameters: '{"a":1}',
        notExecutedTrackers: ['https://measure.example/not?r=[REASON]'],
      },
    ],
    icons: [
      {
        program: 'AdChoices',
        width: 20,
        height: 20,
        x: 'right',
        y: 'top',
        resource: { kind: 'static', content: 'https://cdn.example/i.png', type: 'image/png' },
      },
    ],
    companions: [
      {
        id: 'c',
        width: 300,
        height: 250,
        resource: { kind: 'static', content: 'https://cdn.example/c.png', type: 'image/png' },
        viewTrackers: ['https://end.example/seen'],
      },
    ],
  });
  expect([leftOut, expires]).toEqual([['ownInvention'], null]);
});

test('five wrappers are followed, six are not', async () => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, at) => [`/${at}`, wrapper('w', at === length - 1 ? 'BASE/end' : `BASE/${at + 1}`)]),
    );
  pages = { ...chain(chainLimits.wrappers), '/end': inLine() };
  expect((await follow('/0')).unwrapped.wrappers).toBe(5);
  pages = { ...chain(chainLimits.wrappers + 1), '/end': inLine() };
  await expect(follow('/0')).rejects.toThrow('more than 5 wrappers');
});

test('an ad that stands alone is taken before those of a pod; its time to live is told', async () => {
  const alone = inLine({ more: '<Expires>600</Expires>' })
    .replace(/^.*?<Ad /s, '<Ad ')
    .replace('</VAST>', '');
  const inPod = alone.replace('id="end"', 'id="pod" sequence="1"').replace('00:00:30', '00:00:15');
  pages = { '/': vast(inPod + alone) };
  expect(await follow('/')).toMatchObject({ expires: 600, unwrapped: { durationSeconds: 30, wrappers: 0 } });
});

const bomb = `<!DOCTYPE VAST [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, at) => `<!ENTITY a${at} "${`&a${at - 1 < 0 ? '' : at - 1};`.repeat(10)}">`).join('')}]>`;

const faults: Readonly<Record<string, readonly [string, () => Record<string, string>]>> = {
  'an entity bomb': [
    'declares a document type',
    () => ({ '/': inLine({ more: '&a8;' }).replace('<?xml version="1.0"?>', bomb) }),
  ],
  'a document of somebody else': ['not VAST', () => ({ '/': '<html><body>hello</body></html>' })],
  JSON: ['not XML', () => ({ '/': '{"a":1}' })],
  'half a document': ['not XML', () => ({ '/': inLine().slice(0, 400) })],
  'depth without end': [
    'cannot be read',
    () => ({ '/': vast(`<Ad>${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}</Ad>`) }),
  ],
  'no document': ['not XML', () => ({ '/': '' })],
  'no ad': ['no ad now', () => ({ '/': vast('') })],
  'an error instead of an ad': ['no ad now', () => ({ '/': vast('<Error>https://e.example/</Error>') })],
  'nothing there': ['answered 404', () => ({})],
  'a circle of two': ['in a circle', () => ({ '/': wrapper('a', 'BASE/b'), '/b': wrapper('b', 'BASE/') })],
  'a way back to us': ['back to us', () => ({ '/': wrapper('a', 'https://ours.example/api/v2/vast') })],
  'a way into this network': ['must not be', () => ({ '/': wrapper('a', 'https://169.254.169.254/latest') })],
  'no next': ['VASTAdTagURI', () => ({ '/': wrapper('a', '') })],
  'a wrapper behind one that wants none': [
    'no other behind it',
    () => ({
      '/': wrapper('a', 'BASE/b', { attributes: 'followAdditionalWrappers="false"' }),
      '/b': wrapper('b', 'BASE/e'),
      '/e': inLine(),
    }),
  ],
  'another length': ['the ad has 15 s, the creative 30 s', () => ({ '/': inLine({ duration: '00:00:15' }) })],
  'no length': ['how long', () => ({ '/': inLine({ duration: 'long' }) })],
  'programs alone': [
    'plain player',
    () => ({
      '/': inLine({
        files:
          '<MediaFile apiFramework="VPAID" delivery="progressive" type="application/javascript" width="1" height="1">https://cdn.example/v.js</MediaFile>',
      }),
    }),
  ],
  'files of another scheme': [
    'plain player',
    () => ({
      '/': inLine({
        files:
          '<MediaFile delivery="progressive" type="video/mp4" width="1" height="1">javascript:alert(1)</MediaFile>',
      }),
    }),
  ],
  'a category that a wrapper blocks': [
    'blocks',
    () => ({
      '/': wrapper('a', 'BASE/e', {
        more: '<BlockedAdCategories authority="iabtechlab.com">232 233</BlockedAdCategories>',
      }),
      '/e': inLine({ more: '<Category authority="iabtechlab.com">233</Category>' }),
    }),
  ],
  'more trackers than are kept': [
    '300 trackers',
    () => ({ '/': inLine({ more: '<Impression>https://i.example/</Impression>'.repeat(400) }) }),
  ],
};

test.each(Object.entries(faults))('%s is told, and nothing is served of it', async (_, [words, given]) => {
  pages = given();
  await expect(follow('/')).rejects.toThrow(words);
});

test('what strangers write stays what it is: markup, macros, other schemes', async () => {
  const nasty = 'https://t.example/"><script>alert(1)</script>]]&gt;';
  pages = {
    '/': inLine({
      more: `<Impression><![CDATA[${nasty}]]></Impression><Impression>javascript:alert(1)</Impression><Impression>https://t.example/a&#10;b</Impression>`,
    }),
  };
  const { unwrapped, leftOut } = await follow('/');
  const urls = (unwrapped.trackers ?? []).filter(({ event }) => event === 'impression').map(({ url }) => url);
  expect(urls).toEqual([
    'https://t.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E]]&gt;',
    'https://end.example/impression',
  ]);
  expect(leftOut).toEqual(['impression']);
});
