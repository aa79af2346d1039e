import type { AdRequestBody } from './ad-request.ts';
import type { Dice } from './random.ts';

/** Who fills in the parameters: their own words of the server, those of IMA and its stitchers, those of Roku. */
type Words = 'own' | 'ima' | 'roku';

/** Where a value stands in the JSON body, and what each calls it. */
const NAMES: readonly (readonly [path: string, own: string, ima?: string, roku?: string])[] = [
  ['request_id', 'request_id'],
  ['pod_duration', 'pod_duration', 'pmxd', 'duration'],
  ['max_ads', 'max_ads', 'pmad', 'pod_max_ads'],
  ['pod.duration_seconds', 'pod_duration', 'pod_max_dur', 'avail_duration'],
  ['pod.max_ads', 'max_ads', 'pmad', 'pod_max_ads'],
  ['pod.min_ads', 'min_ads'],
  ['pod.objective', 'objective'],
  ['pod.backup_ads', 'backup_ads'],
  ['session.id', 'session_id', 'sid', 'session'],
  ['break.index', 'break_index', 'mridx', 'avail_index'],
  ['break.offset_seconds', 'break_offset', 'avail_offset', 'avail_offset'],
  ['user.id', 'user_id', 'ppid', 'uid'],
  ['user.household_id', 'household_id', 'hhid', 'hhid'],
  ['user.age', 'age'],
  ['user.gender', 'gender'],
  ['user.household_income', 'household_income'],
  ['user.time_zone', 'time_zone', 'tz', 'tz'],
  ['device.id', 'device_id'],
  ['device.ifa', 'ifa', 'rdid', 'ROKU_ADS_TRACKING_ID'],
  ['device.ifa_type', 'ifa_type', 'idtype', 'idtype'],
  ['device.lmt', 'lmt', 'is_lat', 'ROKU_ADS_LIMIT_TRACKING'],
  ['device.ip', 'ip', 'uip', 'ROKU_ADS_EXTERNAL_IP'],
  ['device.ua', 'ua', 'user_agent', 'ROKU_ADS_USER_AGENT'],
  ['device.type', 'device_type', 'devicetype', 'devicetype'],
  ['device.brand', 'device_brand', 'make', 'device_make'],
  ['device.os', 'os', 'device_os', 'device_os'],
  ['content.category', 'category', 'content_category', 'content_category'],
  ['content.genre', 'genre', 'content_genre', 'ROKU_ADS_CONTENT_GENRE'],
  ['content.rating', 'rating', 'content_rating', 'ROKU_ADS_CONTENT_RATING'],
  ['geo.country', 'country', 'country', 'ROKU_ADS_USER_COUNTRY'],
  ['geo.region', 'region', 'region', 'state'],
  ['geo.city', 'city'],
  ['geo.dma', 'dma'],
  ['consent.gdpr', 'gdpr'],
  ['consent.granted', 'consent'],
];

/** The body as parameters of a GET. A macro that a player could not fill in stands as it is; IMA counts in milliseconds. */
export function queryOf(dice: Dice, body: AdRequestBody, more: Readonly<Record<string, string | number>>): string {
  const words = dice.pick<Words>(['own', 'ima', 'roku']);
  const query = new URLSearchParams();
  for (const [path, own, ima = own, roku = own] of NAMES) {
    const name = words === 'own' ? own : words === 'ima' ? ima : roku;
    const value = path.split('.').reduce<unknown>((part, field) => (part as Record<string, unknown>)?.[field], body);
    if (value === undefined) {
      if (path === 'device.ifa' && words !== 'own') query.set(name, words === 'roku' ? name : `[${name}]`);
      continue;
    }
    query.set(name, name === 'pmxd' ? String(1000 * Number(value)) : inQuery(value));
  }
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  if (words === 'ima') query.set('correlator', String(dice.whole(1, 1e9)));
  return query.toString();
}

function inQuery(value: unknown): string {
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}
