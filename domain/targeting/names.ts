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
  apple_tvos: 'tvos',
  fireos: 'fire_os',
  fire_tv: 'fire_os',
  roku_os: 'roku',
  rokuos: 'roku',
};

const brandAliases: Readonly<Record<string, string>> = {
  samsung_electronics: 'samsung',
  lg_electronics: 'lg',
  lge: 'lg',
  sony_corporation: 'sony',
  apple_inc: 'apple',
};

const osBrands: Readonly<Record<string, string>> = { samsung_tizen: 'samsung', lg_webos: 'lg', apple_tvos: 'apple' };

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
  return osBrands[identifier(text) ?? ''] ?? null;
}

function aliased(text: string, aliases: Readonly<Record<string, string>>): string | null {
  const name = identifier(text);
  if (name === null) return null;
  return Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name;
}

/** Ratings as printed: upper case, joined by `-`: "pg 13" is `PG-13`. */
export function rating(text: string): string | null {
  return identifier(text)?.replaceAll('_', '-').toUpperCase() ?? null;
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
