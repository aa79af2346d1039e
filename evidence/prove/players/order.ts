/**
 * Our own table of VAST: what may stand in what, in which order, how often (`?` at most once, `+` at least once, `*` any number, else
 * exactly once). For where the schemas cannot be had; it says less of values than they do.
 */
export type Table = Readonly<Record<string, string>>;

const drawn4 = 'HTMLResource* IFrameResource* StaticResource*';

const four: Table = {
  VAST: 'Ad* Error*',
  Ad: 'InLine? Wrapper?',
  InLine:
    'AdSystem Error* Extensions? Impression+ Pricing? ViewableImpression? AdServingId AdTitle AdVerifications? Advertiser? Category* Creatives Description? Expires? Survey?',
  Wrapper:
    'AdSystem Error* Extensions? Impression+ Pricing? ViewableImpression? AdVerifications? BlockedAdCategories* Creatives? VASTAdTagURI',
  ViewableImpression: 'Viewable* NotViewable* ViewUndetermined*',
  AdVerifications: 'Verification*',
  Verification: 'ExecutableResource* JavaScriptResource* TrackingEvents? VerificationParameters?',
  Creatives: 'Creative+',
  'InLine/Creative': 'CompanionAds? CreativeExtensions? Linear? NonLinearAds? UniversalAdId+',
  'Wrapper/Creative': 'CompanionAds? Linear? NonLinearAds?',
  CompanionAds: 'Companion*',
  Companion: `${drawn4} AdParameters? AltText? CompanionClickThrough? CompanionClickTracking* CreativeExtensions? TrackingEvents?`,
  'InLine/Linear': 'Icons? TrackingEvents? AdParameters? Duration MediaFiles VideoClicks?',
  'Wrapper/Linear': 'Icons? TrackingEvents? VideoClicks?',
  Icons: 'Icon+',
  Icon: `${drawn4} IconClicks? IconViewTracking*`,
  IconClicks: 'IconClickFallbackImages? IconClickThrough? IconClickTracking*',
  TrackingEvents: 'Tracking*',
  MediaFiles: 'ClosedCaptionFiles? MediaFile+ Mezzanine* InteractiveCreativeFile*',
  ClosedCaptionFiles: 'ClosedCaptionFile*',
  VideoClicks: 'ClickTracking* ClickThrough? CustomClick*',
};

const three: Table = {
  VAST: 'Ad*',
  Ad: 'InLine? Wrapper?',
  InLine: 'AdSystem AdTitle Description? Advertiser? Pricing? Survey? Error? Impression+ Creatives Extensions?',
  Wrapper: 'AdSystem VASTAdTagURI Error? Impression+ Creatives Extensions?',
  Creatives: 'Creative*',
  Creative: 'Linear? CompanionAds? NonLinearAds?',
  CompanionAds: 'Companion*',
  Companion:
    'StaticResource? IFrameResource? HTMLResource? CreativeExtensions? TrackingEvents? CompanionClickThrough? CompanionClickTracking* AltText? AdParameters?',
  'InLine/Linear': 'Icons? CreativeExtensions? Duration TrackingEvents? AdParameters? VideoClicks? MediaFiles?',
  'Wrapper/Linear': 'CreativeExtensions? Icons? TrackingEvents? VideoClicks?',
  Icons: 'Icon+',
  Icon: 'StaticResource? IFrameResource? HTMLResource? IconClicks? IconViewTracking*',
  IconClicks: 'IconClickTracking* IconClickThrough?',
  TrackingEvents: 'Tracking*',
  MediaFiles: 'MediaFile+',
  VideoClicks: 'ClickThrough? ClickTracking* CustomClick*',
};

const tables: Readonly<Record<string, Table>> = {
  '2.0': {
    ...three,
    InLine: 'AdSystem AdTitle Description? Survey? Error? Impression+ Creatives Extensions?',
    'InLine/Linear': 'Duration TrackingEvents? AdParameters? VideoClicks? MediaFiles?',
    'Wrapper/Linear': 'TrackingEvents? VideoClicks?',
  },
  '3.0': three,
  '4.0': {
    ...four,
    InLine: (four.InLine ?? '').replace(' AdServingId', '').replace(' Expires?', ''),
    MediaFiles: 'MediaFile+ Mezzanine? InteractiveCreativeFile*',
    Icons: 'Icon?',
  },
  '4.1': { ...four, Icons: 'Icon?' },
  '4.2': four,
  '4.3': four,
};

/** Attributes without which an element is none, by version's first digit where they differ. */
const needed: Readonly<Record<string, readonly string[]>> = {
  VAST: ['version'],
  MediaFile: ['delivery', 'type', 'width', 'height'],
  Tracking: ['event'],
  StaticResource: ['creativeType'],
  Companion: ['width', 'height'],
  Pricing: ['model', 'currency'],
};
const needed4: typeof needed = {
  UniversalAdId: ['idRegistry'],
  Category: ['authority'],
  CompanionClickTracking: ['id'],
};

/** An element as a parser of XML tells it. */
export interface Node {
  readonly name: string;
  /** Empty: none. */
  readonly namespace: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
  readonly text: string;
}

/** What is wrong with the order of a document's elements; null: nothing. */
export function orderFault(root: Node, version: string): string | null {
  const table = tables[version];
  if (!table || root.name !== 'VAST') return `no VAST ${version}`;
  return walk(root, table, version, 'InLine');
}

function walk(node: Node, table: Table, version: string, kind: string): string | null {
  const inside = node.name === 'Wrapper' || node.name === 'InLine' ? node.name : kind;
  const wanted = needed[node.name] ?? (version >= '4' ? needed4[node.name] : undefined) ?? [];
  const missing = wanted.find((name) => !(name in node.attributes));
  if (missing) return `${node.name} without ${missing}`;
  if (node.name === 'Extension') return null;
  const rule = table[`${inside}/${node.name}`] ?? table[node.name];
  if (rule === undefined)
    return node.children.length > 0 && node.name !== 'Extensions' ? `${node.name} holds elements` : null;
  const fault = childrenFault(node, rule);
  if (fault !== null) return fault;
  for (const child of node.children) {
    const deeper = walk(child, table, version, inside);
    if (deeper !== null) return deeper;
  }
  return null;
}

/** What is wrong with the order of an element's children by a rule of such a table; null: nothing. */
export function childrenFault({ name, children }: Node, rule: string): string | null {
  let at = 0;
  for (const part of rule.split(' ')) {
    const child = part.replace(/[?+*]$/, '');
    const mark = part.slice(child.length);
    let count = 0;
    for (; children[at]?.name === child; at++) count++;
    if (count === 0 && (mark === '' || mark === '+')) return `${name} without ${child}`;
    if (count > 1 && (mark === '' || mark === '?')) return `${name} with ${count} ${child}`;
  }
  const odd = children[at];
  return odd ? `${odd.name} is out of place in ${name}` : null;
}
