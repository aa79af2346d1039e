import { identifier } from './names.ts';

/**
 * Normal forms of devices, systems and makers. What is behind a name that everyone knows is left off: versions ("Tizen 6.5"), models
 * ("Roku Ultra"), the kind of company ("VIZIO, Inc."). A name that nobody knows stays as it is. Null: says nothing.
 */

const typeAliases: Readonly<Record<string, string>> = {
  smarttv: 'smart_tv',
  tv: 'smart_tv',
  ctv: 'smart_tv',
  connected_tv: 'smart_tv',
  connected_television: 'smart_tv',
  stb: 'set_top_box',
  settop_box: 'set_top_box',
  settopbox: 'set_top_box',
  ott_device: 'streaming_device',
  chrome_cast: 'chromecast',
  phone: 'mobile',
  smartphone: 'mobile',
  console: 'game_console',
  games_console: 'game_console',
};

/** Models by how they begin, longest first where one begins as another. */
const typeBeginnings: readonly (readonly [begin: string, type: string])[] = [
  ['amazon_fire_tv', 'fire_tv'],
  ['amazon_fire_stick', 'fire_tv'],
  ['fire_tv', 'fire_tv'],
  ['firetv', 'fire_tv'],
  ['fire_stick', 'fire_tv'],
  ['firestick', 'fire_tv'],
  ['apple_tv', 'apple_tv'],
  ['appletv', 'apple_tv'],
  ['roku', 'roku'],
  ['chromecast_with_google_tv', 'android_tv'],
  ['chromecast', 'chromecast'],
  ['android_tv', 'android_tv'],
  ['androidtv', 'android_tv'],
  ['google_tv', 'android_tv'],
  ['smart_tv', 'smart_tv'],
  ['set_top_box', 'set_top_box'],
  ['xbox', 'game_console'],
  ['playstation', 'game_console'],
  ['ps4', 'game_console'],
  ['ps5', 'game_console'],
  ['nintendo', 'game_console'],
  ['iphone', 'mobile'],
  ['ipad', 'tablet'],
];

const types: ReadonlySet<string> = new Set([
  ...Object.values(typeAliases),
  ...typeBeginnings.map(([, type]) => type),
  'tablet',
  'desktop',
]);

const osAliases: Readonly<Record<string, string>> = {
  samsung_tizen: 'tizen',
  tizen_os: 'tizen',
  lg_webos: 'webos',
  web_os: 'webos',
  webos_tv: 'webos',
  androidtv: 'android_tv',
  google_tv: 'android_tv',
  tv_os: 'tvos',
  lge_webos: 'webos',
  web0s: 'webos',
  apple_tvos: 'tvos',
  apple_tv: 'tvos',
  appletv: 'tvos',
  fireos: 'fire_os',
  fire_tv: 'fire_os',
  firetv: 'fire_os',
  amazon_fire_os: 'fire_os',
  amazon_fire_tv: 'fire_os',
  vizio: 'smartcast',
  smart_cast: 'smartcast',
  vizio_smartcast: 'smartcast',
  smartcast_os: 'smartcast',
  vizio_os: 'smartcast',
  vidaa_os: 'vidaa',
  vidaa_u: 'vidaa',
  hisense_vidaa: 'vidaa',
  titanos: 'titan_os',
  tivoos: 'tivo_os',
  xbox_os: 'xbox',
  xbox_one: 'xbox',
  xbox_series_x: 'xbox',
  xbox_series_s: 'xbox',
  ps4: 'playstation',
  ps5: 'playstation',
  orbis_os: 'playstation',
  chromecast: 'cast',
  cast_os: 'cast',
  google_cast: 'cast',
  roku_os: 'roku',
  rokuos: 'roku',
};

const systems: ReadonlySet<string> = new Set([
  ...Object.values(osAliases),
  ...['orsay', 'netcast', 'viera', 'rdk', 'whale_os', 'nintendo', 'linux'],
  ...['android', 'ios', 'ipados', 'windows', 'macos', 'chrome_os'],
]);

const brandAliases: Readonly<Record<string, string>> = {
  lge: 'lg',
  tpv: 'philips',
  royal_philips: 'philips',
};

/** Makers whose name is the first word of what they call themselves and their devices: "Samsung Electronics Co., Ltd.", "Amazon Fire TV". */
const brands: ReadonlySet<string> = new Set([
  ...[
    'amazon',
    'apple',
    'comcast',
    'google',
    'grundig',
    'haier',
    'hisense',
    'humax',
    'jvc',
    'lg',
    'loewe',
    'metz',
    'microsoft',
  ],
  ...[
    'motorola',
    'nintendo',
    'nvidia',
    'oneplus',
    'onn',
    'panasonic',
    'philips',
    'realme',
    'roku',
    'samsung',
    'sharp',
    'skyworth',
  ],
  ...[
    'sony',
    'tcl',
    'technicolor',
    'technisat',
    'telefunken',
    'thomson',
    'tivo',
    'toshiba',
    'vestel',
    'vizio',
    'xiaomi',
  ],
]);

/** Names that say the maker, and systems that have but one. */
const osBrands: Readonly<Record<string, string>> = {
  samsung_tizen: 'samsung',
  lg_webos: 'lg',
  hisense_vidaa: 'hisense',
  tvos: 'apple',
  fire_os: 'amazon',
  smartcast: 'vizio',
  xbox: 'microsoft',
  playstation: 'sony',
};

const version = /_?v?\d+(?:[._,]\d+)*$/;
const company = /(?:[,._]+(?:inc|corp|corporation|co|company|ltd|limited|llc|gmbh|ag|plc))+[,.]*$/;

export function deviceType(text: string): string | null {
  const name = aliased(identifier(text), typeAliases);
  if (name === null || types.has(name)) return name;
  return typeBeginnings.find(([begin]) => name.startsWith(begin))?.[1] ?? name;
}

export function operatingSystem(text: string): string | null {
  const name = aliased(identifier(text), osAliases);
  if (name === null || systems.has(name)) return name;
  const bare = aliased(withoutVersion(name), osAliases);
  return systems.has(bare) ? bare : name;
}

export function deviceBrand(text: string): string | null {
  const name = aliased(identifier(text), brandAliases);
  if (name === null || brands.has(name)) return name;
  const first = name.split(/[^\p{L}\p{N}]/u, 1)[0] ?? '';
  return brands.has(first) ? first : aliased(name.replace(company, '') || name, brandAliases);
}

/** Whether a normal form is one of those that devices themselves are read to be. */
export function isKnownType(name: string | null): boolean {
  return name !== null && types.has(name);
}

export function isKnownSystem(name: string | null): boolean {
  return name !== null && systems.has(name);
}

/** The maker that an operating system's name gives away: "Samsung Tizen". */
export function brandInOs(text: string): string | null {
  const name = withoutVersion(identifier(text) ?? '');
  const one = Object.hasOwn(osBrands, name) ? name : (operatingSystem(text) ?? '');
  return Object.hasOwn(osBrands, one) ? (osBrands[one] ?? null) : null;
}

function withoutVersion(name: string): string {
  return name.replace(version, '');
}

function aliased<T extends string | null>(name: T, aliases: Readonly<Record<string, string>>): T | string {
  if (name === null) return name;
  return Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
}
