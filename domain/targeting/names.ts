/** Normal forms of names. Rules and requests go through the same functions, so that they meet whatever their spelling. Null: says nothing. */

const nothing = new Set(['', 'unknown', 'null', 'undefined', 'n/a', 'none', '-1', '-2']);

/** Lower case, words joined by `_`: "Smart TV", "smart-tv" and "SMART_TV" are `smart_tv`. */
export function identifier(text: string): string | null {
  const folded = text.normalize('NFKC').trim().toLowerCase();
  if (nothing.has(folded)) return null;
  return folded.replaceAll(/[\s_-]+/g, '_');
}

const typeAliases: Readonly<Record<string, string>> = {
  smarttv: 'smart_tv',
  tv: 'smart_tv',
  ctv: 'smart_tv',
  connected_tv: 'smart_tv',
  firetv: 'fire_tv',
  amazon_fire_tv: 'fire_tv',
  fire_tv_stick: 'fire_tv',
  appletv: 'apple_tv',
  roku_tv: 'roku',
  androidtv: 'android_tv',
  stb: 'set_top_box',
  settop_box: 'set_top_box',
  xbox: 'game_console',
  playstation: 'game_console',
  ott_device: 'streaming_device',
  chrome_cast: 'chromecast',
  google_tv: 'android_tv',
  phone: 'mobile',
  smartphone: 'mobile',
  console: 'game_console',
  games_console: 'game_console',
};

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
  xbox_os: 'xbox',
  xbox_one: 'xbox',
  playstation_4: 'playstation',
  playstation_5: 'playstation',
  orbis_os: 'playstation',
  chromecast: 'cast',
  cast_os: 'cast',
  google_cast: 'cast',
  roku_os: 'roku',
  rokuos: 'roku',
};

const brandAliases: Readonly<Record<string, string>> = {
  samsung_electronics: 'samsung',
  lg_electronics: 'lg',
  lge: 'lg',
  lg_electronics_inc: 'lg',
  'samsung_electronics_co.': 'samsung',
  sony_corporation: 'sony',
  sony_interactive_entertainment: 'sony',
  'amazon.com': 'amazon',
  amazon_fire: 'amazon',
  google_inc: 'google',
  roku_inc: 'roku',
  vizio_inc: 'vizio',
  tcl_corporation: 'tcl',
  tpv: 'philips',
  royal_philips: 'philips',
  apple_inc: 'apple',
};

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

export function deviceType(text: string): string | null {
  return aliased(text, typeAliases);
}

export function operatingSystem(text: string): string | null {
  return aliased(text, osAliases);
}

export function deviceBrand(text: string): string | null {
  return aliased(text, brandAliases);
}

/** The maker that an operating system's name gives away: "Samsung Tizen". */
export function brandInOs(text: string): string | null {
  const name = identifier(text) ?? '';
  const one = Object.hasOwn(osBrands, name) ? name : (operatingSystem(text) ?? '');
  return Object.hasOwn(osBrands, one) ? (osBrands[one] ?? null) : null;
}

function aliased(text: string, aliases: Readonly<Record<string, string>>): string | null {
  const name = identifier(text);
  if (name === null) return null;
  return Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
}

/** A content category's id or name: "Food & Drink" and "food-and-drink" are `food_and_drink`. */
export function category(text: string): string | null {
  const name = identifier(text.replaceAll('&', ' and '));
  return name?.replaceAll(/[^\p{L}\p{N}]+/gu, '_').replaceAll(/^_|_$/g, '') || null;
}

/** ISO 3166-1 alpha-2. UK is not one, but what everyone writes for GB. */
export function country(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (!/^[A-Z]{2}$/.test(code)) return null;
  return code === 'UK' ? 'GB' : code;
}

/** ISO 3166-2: "US-CA". */
export function region(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (!/^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(code)) return null;
  return code.startsWith('UK-') ? `GB${code.slice(2)}` : code;
}

/** Lower case without accents: "São  Paulo" is `sao paulo`. */
export function city(text: string): string | null {
  const folded = text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}+/gu, '')
    .trim()
    .toLowerCase()
    .replaceAll(/\s+/g, ' ');
  return nothing.has(folded) ? null : folded;
}

/** Nielsen DMA code, three digits. */
export function dma(text: string): string | null {
  const code = text.trim();
  return /^[1-9]\d{2}$/.test(code) ? code : null;
}

export function gender(text: string): string | null {
  const name = identifier(text);
  if (name === 'm' || name === 'man') return 'male';
  if (name === 'f' || name === 'woman') return 'female';
  return name === 'u' ? null : name;
}
