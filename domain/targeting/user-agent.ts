/** What a User-Agent says of the device, in the normal forms of names.ts. Null: it does not say. */
export interface DeviceFacts {
  readonly type: string | null;
  readonly os: string | null;
  readonly brand: string | null;
}

/** A platform by what only it writes. `brand` null: many makers build on it, and `makers` are looked through. */
interface Platform extends DeviceFacts {
  readonly sign: RegExp;
}

const platform = (sign: RegExp, type: string | null, os: string | null, brand: string | null): Platform => ({
  sign,
  type,
  os,
  brand,
});

const androidTvs =
  /andr0id|android[ _-]?tv|googletv|google tv|tv[ _-]?(?:box|stick|dongle)|smart[ _-]?tv|bravia|shield|mi-?box|mi-?tv|chromecast|crkey|adt-[1-9]|aquos|beyondtv|philipstv|tpm\d|onn\. ?4k|freebox|bouygtel|stb\b|uie\d{4}|vsb\d|dv\d{4}|dtv|hbbtv|\b[agi]?tv\d{3}|hismart|\bqm16[134]e|swtv|mitv|large screen/i;

/** A device may be called so, and so may what plays on a telephone: "YouTube TV". */
const tvNames = /(?<!hbb)\btv\b|[_ -]tv\b/i;
/** Of makers whose Android is on no television, and what has the name of its maker's televisions: theirs is AQUOS-TV. */
const handhelds = /\bsm-[a-z]\d{3}|\bpixel (?:\d|fold|tablet)|\bshield tablet|\baquos (?!tv)[a-z]/i;
/** An application's own name before the device: "YouTube TV/8.1 (Linux; Android 14)". Browsers begin as Mozilla does. */
const application = /^(?!.*mozilla|[^(]*android)[^(]+(?=\()/i;
/** Applications by their packages: tv.pluto.android. */
const packages = /\b(?:[a-z]\w{0,63}\.){2,8}\w{1,64}/gi;

/**
 * The first that fits counts, so what others imitate comes late: half of the world's televisions also say Android, Chrome, Linux,
 * HbbTV or CrKey. Consoles come first because theirs says Windows.
 */
const platforms: readonly Platform[] = [
  platform(/tclwebkit/i, 'smart_tv', 'linux', 'tcl'),
  // Applications are called as televisions are: what stands in the first brackets is the device.
  platform(/^[^(]*\((?:iphone|ipod)\b/i, 'mobile', 'ios', 'apple'),
  platform(/^[^(]*\(ipad\b/i, 'tablet', 'ios', 'apple'),
  platform(/\bxbox\b/i, 'game_console', 'xbox', 'microsoft'),
  platform(/playstation|\bps[45]\b/i, 'game_console', 'playstation', 'sony'),
  platform(/nintendo/i, 'game_console', 'nintendo', 'nintendo'),
  platform(/homepod|apple ?watch|\b(?:audio|watch)os\b/i, null, null, 'apple'),
  platform(/apple ?tv|\btvos\b/i, 'apple_tv', 'tvos', 'apple'),
  platform(/^(?![^(]*\([^)]*android).*\broku(?:\d{4}x|os|\b)/i, 'roku', 'roku', 'roku'),
  platform(/\baft[a-z0-9]{1,12}\b|\bfire ?tv\b|amazonwebappplatform.*\btv\b/i, 'fire_tv', 'fire_os', 'amazon'),
  platform(/smartcast|\bvizio\b/i, 'smart_tv', 'smartcast', 'vizio'),
  platform(/\bvidaa\b/i, 'smart_tv', 'vidaa', null),
  platform(/family ?hub|tizen.*\bmobile\b|\bmobile\b.*tizen/i, null, 'tizen', 'samsung'),
  platform(/tizen/i, 'smart_tv', 'tizen', 'samsung'),
  platform(/smarthub|maple[ _\d]|smart-tv;.*(?:samsung|linux i686)/i, 'smart_tv', 'orsay', 'samsung'),
  platform(/web0s|webos[ ._]?tv|\bwebos\d|webos;.*smarttv|webos.*\(lg|webos.*\blge?\b/i, 'smart_tv', 'webos', null),
  platform(/netcast/i, 'smart_tv', 'netcast', 'lg'),
  platform(/titan ?os|\btitanos\b/i, 'smart_tv', 'titan_os', null),
  platform(/tivo ?os/i, 'smart_tv', 'tivo_os', null),
  platform(/whaletv|whale ?os|zeasn/i, 'smart_tv', 'whale_os', null),
  platform(
    /^(?![^(]*\([^)]*android).*(?:\bx1[ _-]?(?:stb|box)|comcast|xfinity|\bxi\d\b|entertainment ?os|\brdk\b)/i,
    'set_top_box',
    'rdk',
    null,
  ),
  platform(/android.*(?:crkey.*devicetype\/androidtv|chromecast)/i, 'android_tv', 'android_tv', 'google'),
  platform(/crkey(?!.*devicetype\/(?:smartspeaker|speaker|audio))/i, 'chromecast', 'cast', 'google'),
  platform(/crkey/i, null, 'cast', 'google'),
  platform(/bravia.*(?:android|build\/)|android.*bravia/i, 'android_tv', 'android_tv', 'sony'),
  // What follows is told apart from telephones by `androidTvs`.
  platform(/android/i, 'android_tv', 'android_tv', null),
  platform(/\bviera\b/i, 'smart_tv', 'viera', 'panasonic'),
  platform(
    /\bmag ?\d{3}\b|stbapp|tivo|set-?top|\bstb\b|dreambox|enigma2|freebox|sky_?stb|skyq|(?:gw|mr)-device|wpe sky|humax|technicolor|arris|sagemcom|kaon|zgemma|vu\+?(?:duo|solo|uno)/i,
    'set_top_box',
    'linux',
    null,
  ),
  // So Opera's browser for televisions writes Android, lest it be taken for a telephone's.
  platform(/andr0id/i, 'android_tv', 'android_tv', null),
  platform(
    /hbbtv|ce-html|smart-?tv|nettv|inettvbrowser|\bdtv\b|opera tv|omi\/\d|espial|aquosbrowser|philipstv|sonydtv|bravia|avui\/tv/i,
    'smart_tv',
    'linux',
    null,
  ),
  platform(/iphone|ipod/i, 'mobile', 'ios', 'apple'),
  platform(/ipad/i, 'tablet', 'ios', 'apple'),
  platform(/windows nt/i, 'desktop', 'windows', null),
  platform(/macintosh|mac os x/i, 'desktop', 'macos', 'apple'),
  platform(/cros /i, 'desktop', 'chrome_os', null),
];

/** Makers by what they write of themselves. The first that fits counts: sets are often built by one for another. */
const makers: readonly (readonly [sign: RegExp, brand: string])[] = [
  [/samsung/i, 'samsung'],
  [/bravia|sony/i, 'sony'],
  [/\blge?\b|lg electronics/i, 'lg'],
  [/philips|\b(?:tpm\d|qm16\d)/i, 'philips'],
  [/panasonic|viera/i, 'panasonic'],
  [/hisense|hismart/i, 'hisense'],
  [/toshiba/i, 'toshiba'],
  [/sharp|aquos/i, 'sharp'],
  [/\btcl\b|beyondtv/i, 'tcl'],
  [/shield|nvidia/i, 'nvidia'],
  [/mi-?box|mi-?tv|xiaomi|redmi/i, 'xiaomi'],
  [/skyworth|coocaa/i, 'skyworth'],
  [/grundig|arcelik/i, 'grundig'],
  [/telefunken/i, 'telefunken'],
  [/\bjvc\b/i, 'jvc'],
  [/vestel/i, 'vestel'],
  [/loewe/i, 'loewe'],
  [/\bmetz\b/i, 'metz'],
  [/technisat/i, 'technisat'],
  [/thomson/i, 'thomson'],
  [/haier/i, 'haier'],
  [/changhong|chiq/i, 'changhong'],
  [/\bonn\b/i, 'onn'],
  [/oneplus/i, 'oneplus'],
  [/realme/i, 'realme'],
  [/motorola/i, 'motorola'],
  [/bang ?olufsen|beovision/i, 'bang_olufsen'],
  [/humax/i, 'humax'],
  [/freebox/i, 'freebox'],
  [/bouygtel|bouygues/i, 'bouygues'],
  [/comcast|xfinity(?! stream)/i, 'comcast'],
  [/\bsky/i, 'sky'],
  [/tivo(?! ?os)/i, 'tivo'],
  [/\bmag ?\d{3}\b|infomir/i, 'infomir'],
  [/dreambox|\bdmm\b/i, 'dreambox'],
  [/technicolor/i, 'technicolor'],
  [/sagemcom/i, 'sagemcom'],
  [/arris/i, 'arris'],
  [/google|chromecast|adt-\d/i, 'google'],
];

const nothing: DeviceFacts = { type: null, os: null, brand: null };
/** Nothing in real ones stands behind it, and expressions over endless text cost time. */
const readMax = 512;

/** The device behind a User-Agent. Written for televisions; of telephones and desktops it says that they are none. */
export function readUserAgent(userAgent: string): DeviceFacts {
  const text = userAgent.slice(0, readMax);
  const found = platforms.find(({ sign }) => sign.test(text));
  if (found === undefined) return nothing;
  const { os, type } = found;
  if (os === 'android_tv' && found.brand === null && !isTelevision(text)) return readTelephone(text);
  return { type, os, brand: found.brand ?? makerOf(text) ?? (os === 'webos' ? 'lg' : null) };
}

function isTelevision(text: string): boolean {
  if (handhelds.test(text)) return false;
  const told = text.replace(application, '').replaceAll(packages, '');
  if (androidTvs.test(told)) return true;
  // Behind the device's own name stand applications; on a telephone theirs is the only TV.
  return tvNames.test(/\bmobile\b/i.test(told) ? (/\(([^)]*)/.exec(told)?.[1] ?? '') : told);
}

/** Android without a sign of a television. Tablets that do not say so write what no-name boxes do. */
function readTelephone(text: string): DeviceFacts {
  const type = /\btablet\b/i.test(text) ? 'tablet' : /\bmobile\b/i.test(text) ? 'mobile' : null;
  return { type, os: 'android', brand: makerOf(text) };
}

function makerOf(text: string): string | null {
  return makers.find(([sign]) => sign.test(text))?.[1] ?? null;
}
