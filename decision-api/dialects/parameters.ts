/**
 * How a parameter's text becomes a value: whole seconds from fractions, seconds from milliseconds, yes and no from 1 and 0. Of these
 * three all that is said under any of the names counts: `anyOf` is yes where one says yes, `allOf` where none says no, and `refusal` is no
 * where one says yes, else it is not said.
 */
export type Kind =
  | 'text'
  | 'whole'
  | 'number'
  | 'flag'
  | 'milliseconds'
  | 'list'
  | 'wholes'
  | 'anyOf'
  | 'allOf'
  | 'refusal';

export interface Parameter {
  readonly name: string;
  /** Where it stands in the body of an ad request: `device.ifa`. Null: it is of the answer, not of the request. */
  readonly at: string | null;
  readonly kind: Kind;
  /** What players and stitchers call it; the first that is given counts, unless the kind says otherwise. */
  readonly also: readonly string[];
}

const parameter = (name: string, at: string | null, kind: Kind, ...also: readonly string[]): Parameter => ({
  name,
  at,
  kind,
  also,
});

/** Every parameter of the GET endpoints (docs/players.md has the same table). */
export const parameters: readonly Parameter[] = [
  parameter('version', null, 'text', 'vast_version', 'vast'),
  parameter('wrapper_depth', null, 'whole'),
  parameter('not_used', null, 'flag'),
  parameter('breaks', null, 'list', 'cue_points'),
  parameter('content_duration', null, 'number', 'vid_d', 'ROKU_ADS_CONTENT_LENGTH', 'content_length'),
  parameter('request_id', 'request_id', 'text'),
  parameter('pod_duration', 'pod_duration', 'whole', 'avail_duration', 'duration', 'maxd', 'pod_max_dur'),
  parameter('pod_duration_ms', 'pod_duration', 'milliseconds', 'pmxd'),
  parameter('max_ads', 'max_ads', 'whole', 'pmad', 'pod_max_ads'),
  parameter('min_ads', 'min_ads', 'whole'),
  parameter('pod', null, 'text'),
  parameter('pod_name', 'pod.name', 'text'),
  parameter('objective', 'pod.objective', 'text'),
  parameter('backup_ads', 'pod.backup_ads', 'whole'),
  parameter('exact_duration', 'pod.exact_duration', 'flag'),
  parameter('session_id', 'session.id', 'text', 'sid', 'ssid', 'session', '_HLS_primary_id'),
  parameter('break_index', 'break.index', 'whole', 'avail_index', 'mridx', 'avail'),
  parameter('break_offset', 'break.offset_seconds', 'number', 'avail_offset'),
  parameter('user_id', 'user.id', 'text', 'ppid', 'uid'),
  parameter('household_id', 'user.household_id', 'text', 'hhid'),
  parameter('age', 'user.age', 'whole'),
  parameter('gender', 'user.gender', 'text'),
  parameter('household_income', 'user.household_income', 'number'),
  parameter('time_zone', 'user.time_zone', 'text', 'tz'),
  parameter('device_id', 'device.id', 'text'),
  parameter('ifa', 'device.ifa', 'text', 'rdid', 'did', 'ROKU_ADS_TRACKING_ID', 'idfa', 'adid', 'lgudid', 'tifa'),
  parameter('ifa_type', 'device.ifa_type', 'text', 'idtype'),
  parameter('lmt', 'device.lmt', 'anyOf', 'is_lat', 'dnt', 'ROKU_ADS_LIMIT_TRACKING', 'lat'),
  parameter('ip', 'device.ip', 'text', 'uip', 'client_ip', 'ROKU_ADS_EXTERNAL_IP'),
  parameter('ua', 'device.ua', 'text', 'user_agent', 'ROKU_ADS_USER_AGENT'),
  parameter('device_type', 'device.type', 'text', 'devicetype'),
  parameter('device_brand', 'device.brand', 'text', 'device_make', 'make'),
  parameter('os', 'device.os', 'text', 'device_os'),
  parameter('category', 'content.category', 'text', 'content_category'),
  parameter('genre', 'content.genre', 'text', 'content_genre', 'ROKU_ADS_CONTENT_GENRE'),
  parameter('rating', 'content.rating', 'text', 'content_rating', 'ROKU_ADS_CONTENT_RATING'),
  parameter('country', 'geo.country', 'text', 'ROKU_ADS_USER_COUNTRY'),
  parameter('region', 'geo.region', 'text', 'state'),
  parameter('city', 'geo.city', 'text'),
  parameter('dma', 'geo.dma', 'text'),
  parameter('gdpr', 'consent.gdpr', 'anyOf'),
  parameter('consent', 'consent.given', 'allOf'),
  parameter('ltd', 'consent.granted', 'refusal', 'npa', 'rdp'),
  parameter('gdpr_consent', 'consent.string', 'text', 'addtl_tcf', 'tcf'),
  parameter('us_privacy', 'consent.us_privacy', 'text', 'usp', 'ccpa'),
  parameter('gpp', 'consent.gpp', 'text'),
  parameter('gpp_sid', 'consent.gpp_sid', 'wholes'),
  parameter('coppa', 'consent.coppa', 'anyOf', 'tfcd', 'tfua', 'ROKU_ADS_KIDS_CONTENT'),
  parameter('test', 'test', 'flag'),
];

/** What callers send against caches, and for themselves: it means nothing here. */
export const unread: ReadonlySet<string> = new Set([
  ...['cb', 'cachebuster', 'correlator', 'scor', 'rnd', 'random', 'ord', 'ROKU_ADS_CACHE_BUSTER', 'output', 'env'],
  ...['gdfp_req', 'unviewed_position_start', 'iu', 'sz', 'url', 'description_url', 'vpos', 'ad_rule', 'sdkv', 'hl'],
  ...[
    'impl',
    'plcmt',
    'vpa',
    'vpmute',
    'cmsid',
    'vid',
    'cust_params',
    'ciu_szs',
    'format',
    'vad_type',
    'ppos',
    'explain',
    '_HLS_start_offset',
  ],
]);
