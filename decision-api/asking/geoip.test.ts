import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Condition, DimensionName } from '../../domain/campaign.ts';
import { createMetrics } from '../metrics.ts';
import { openHouse, testCampaign } from '../test-house.ts';
import { openGeoip } from './geoip.ts';
import { mmdb } from './test-mmdb.ts';

const losAngeles = {
  country: { iso_code: 'US' },
  subdivisions: [{ iso_code: 'CA' }],
  city: { names: { en: 'Los Angeles', de: 'Los Angeles' } },
  location: { metro_code: 803, time_zone: 'America/Los_Angeles' },
};
const london = {
  country: { iso_code: 'GB' },
  subdivisions: [{ iso_code: 'ENG' }],
  city: { names: { en: 'London' } },
  location: { time_zone: 'Europe/London' },
};
const somewhereInFrance = { country: { iso_code: 'FR' } };
const places = { '203.0.113.0/24': losAngeles, '198.51.100.0/25': london, '2001:db8:7::/48': somewhereInFrance };

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-geoip-'));
  file = join(folder, 'places.mmdb');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const parts = () => ({ metrics: createMetrics(), logger: pino({ level: 'silent' }) });

test('an address has country, region, city, DMA and zone, as far as the file knows', async () => {
  await writeFile(file, mmdb(places));
  const { placeOf } = await openGeoip(file, parts());
  const inLosAngeles = {
    country: 'US',
    region: 'US-CA',
    city: 'Los Angeles',
    dma: 803,
    time_zone: 'America/Los_Angeles',
  };
  expect(placeOf('203.0.113.9')).toEqual(inLosAngeles);
  expect(placeOf('::ffff:203.0.113.9')).toEqual(inLosAngeles);
  expect(placeOf('198.51.100.127')).toEqual({
    country: 'GB',
    region: 'GB-ENG',
    city: 'London',
    time_zone: 'Europe/London',
  });
  expect(placeOf('2001:db8:7:1::5')).toEqual({ country: 'FR' });
  expect(['198.51.100.128', '192.0.2.1', '2001:db8:8::1', 'nowhere', '', null].map(placeOf)).toEqual(
    Array.from({ length: 6 }, () => null),
  );
});

test('a file of IPv4 alone answers for IPv4', async () => {
  await writeFile(file, mmdb({ '203.0.113.0/24': losAngeles }, 'GeoIP2-City', 4));
  const { placeOf } = await openGeoip(file, parts());
  expect([placeOf('203.0.113.1')?.country, placeOf('2001:db8:7::1')]).toEqual(['US', null]);
});

test('a newer file is taken without a restart; a broken one is complained of and the last good one serves on', async () => {
  await writeFile(file, mmdb({ '203.0.113.0/24': london }));
  const { metrics, logger } = parts();
  const geoip = await openGeoip(file, { metrics, logger });
  const city = () => geoip.placeOf('203.0.113.9')?.city;
  const replace = async (bytes: Buffer) => {
    await writeFile(`${file}.new`, bytes);
    await rename(`${file}.new`, file);
    await geoip.refresh();
  };
  expect(city()).toBe('London');
  await replace(mmdb(places));
  expect(city()).toBe('Los Angeles');
  await replace(Buffer.from('not one'));
  await geoip.refresh();
  expect(city()).toBe('Los Angeles');
  const failures = await metrics.engineFailures.get();
  expect(failures.values.filter(({ value }) => value > 0)).toMatchObject([{ labels: { engine: 'geoip' }, value: 1 }]);
  await replace(mmdb({ '203.0.113.0/24': london }));
  expect(city()).toBe('London');
  await rm(file);
  await geoip.refresh();
  expect(city()).toBe('London');
});

test.each<[string, Buffer | null]>([
  ['missing', null],
  ['empty', Buffer.alloc(0)],
  ['not of this kind', Buffer.from('PNG and so on')],
  ['cut off', mmdb(places).subarray(100)],
  ['without places', mmdb({ '203.0.113.0/24': { autonomous_system_number: 64_500 } }, 'GeoLite2-ASN')],
])('a file that is %s is a wrong setting, by name', async (_, bytes) => {
  if (bytes !== null) await writeFile(file, bytes);
  await expect(openGeoip(file, parts())).rejects.toMatchObject({
    code: 'misconfigured',
    message: expect.stringContaining('GEOIP_FILE'),
  });
});

function fenced(name: string, dimension: DimensionName, value: unknown) {
  const conditions: Condition[] = [{ dimension, mode: 'include', values: [value] }];
  return testCampaign({ name, targeting: [{ id: 'r', conditions }] });
}

test('a decision takes the place from the address where the request leaves it out, and the device from its User-Agent', async () => {
  await writeFile(file, mmdb(places));
  const campaigns = [
    fenced('dma', 'geo_dma_codes', '803'),
    fenced('city', 'geo_cities', 'US-CA/Los Angeles'),
    fenced('london', 'geo_cities', 'London'),
    fenced('zone', 'time_zones', 'America/Los_Angeles'),
    fenced('tizen', 'os_types', 'Tizen'),
    fenced('lg', 'device_brands', 'LG'),
  ];
  const house = await openHouse(campaigns, { environment: { GEOIP_FILE: file } });
  try {
    const served = async (body: object) => {
      const { json } = await house.post({ pod_duration: 120, ...body });
      return json.pod.ads.map((ad) => campaigns.find(({ id }) => id === ad.campaign_id)?.name).sort();
    };
    const ip = '203.0.113.9';
    const samsung = 'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) TV Safari/537.36';
    expect(await served({ device: { ip, ua: samsung } })).toEqual(['city', 'dma', 'tizen', 'zone']);
    expect(await served({ device: { ip, ua: samsung, os: 'webos', brand: 'LG' } })).toEqual([
      'city',
      'dma',
      'lg',
      'zone',
    ]);
    // What agrees is completed; what does not stands alone.
    expect(await served({ device: { ip }, geo: { country: 'US' } })).toEqual(['city', 'dma', 'zone']);
    expect(await served({ device: { ip }, geo: { country: 'GB', city: 'London' } })).toEqual(['london']);
    expect(await served({ device: { ip }, user: { time_zone: 'Europe/Paris' } })).toEqual(['city', 'dma']);
    expect(await served({})).toEqual([]);
    const [last] = (await house.records('ad-request')).filter(({ event }) => event.context.dma === '803');
    expect(last?.event.context).toMatchObject({ region: 'US-CA', city: 'los angeles', ip_truncated: '203.0.113.0/24' });
  } finally {
    await house.close();
  }
});

test("the caller's own User-Agent is the viewer's unless a stitcher calls, and so is its address where that is set", async () => {
  await writeFile(file, mmdb({ '127.0.0.0/8': losAngeles }));
  const campaigns = [fenced('roku', 'os_types', 'roku'), fenced('dma', 'geo_dma_codes', '803')];
  for (const [setting, expected] of [
    ['off', ['roku']],
    ['on', ['dma', 'roku']],
  ] as const) {
    const house = await openHouse(campaigns, { environment: { GEOIP_FILE: file, GEOIP_PEER: setting } });
    try {
      const served = async (userAgent: string, device?: object) => {
        const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
        const payload = JSON.stringify({ pod_duration: 120, device });
        const answer = await house.api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload, headers });
        const { ads } = (answer.json() as { pod: { ads: { campaign_id: string }[] } }).pod;
        return ads.map((ad) => campaigns.find(({ id }) => id === ad.campaign_id)?.name).sort();
      };
      expect(await served('Roku/DVP-12.5 (12.5.0.4178-88)')).toEqual(expected);
      // Nothing said, in whatever words, is filled in.
      for (const ip of ['', 'unknown'])
        expect(await served('Roku/DVP-12.5 (12.5.0.4178-88)', { ua: '', ip })).toEqual(expected);
      const stitched = await served('AWS Elemental MediaTailor Roku/DVP-12.5');
      expect(stitched).toEqual([]);
    } finally {
      await house.close();
    }
  }
});
