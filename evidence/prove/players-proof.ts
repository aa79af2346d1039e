import { randomInt } from 'node:crypto';
import { assetList } from '../../decision-api/dialects/asset-list.ts';
import { breakUrl, vastDocument, xmlHead } from '../../decision-api/dialects/vast/document.ts';
import { type VastVersion, vastVersions } from '../../decision-api/dialects/vast/versions.ts';
import { vmapDocument } from '../../decision-api/dialects/vmap.ts';
import { assetMismatch } from './players/assets.ts';
import { brokenFrom } from './players/broken.ts';
import { type Checker, checkerOf } from './players/check.ts';
import { Dice } from './players/dice.ts';
import { base, draftOf, honest, now, tokens } from './players/generate.ts';
import { proveHostile } from './players/hostile-proof.ts';
import { vastMismatch, vmapMismatch } from './players/read-back.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** Elements that not every document has, each of which must have been seen often enough to say something of it. */
const optional = [
  'AdParameters',
  'AdVerifications',
  'Advertiser',
  'AltText',
  'Category',
  'ClickThrough',
  'ClickTracking',
  'ClosedCaptionFile',
  'Companion',
  'CompanionAds',
  'CompanionClickThrough',
  'CompanionClickTracking',
  'Description',
  'Error',
  'Expires',
  'Extension',
  'HTMLResource',
  'IFrameResource',
  'Icon',
  'IconClickThrough',
  'IconClickTracking',
  'IconViewTracking',
  'InteractiveCreativeFile',
  'JavaScriptResource',
  'MediaFile',
  'Mezzanine',
  'NotViewable',
  'Pricing',
  'StaticResource',
  'Tracking',
  'UniversalAdId',
  'VASTAdTagURI',
  'VerificationParameters',
  'ViewUndetermined',
  'Viewable',
  'Wrapper',
] as const;

const SEEN_MIN = 100;

/** Generated decisions in every dialect: valid, read back as the same ads, whatever a creative holds. */
export async function provePlayers(options: ProofOptions): Promise<Tally> {
  const { say, cases, xsd } = options;
  const seed = randomInt(2 ** 31);
  say(xsd === null ? 'xsd: not run (give --xsd DIR); our own table of element order instead' : `xsd: ${xsd}`);
  const checker = checkerOf(xsd);
  const tallies = [
    await proveDecisions(checker, cases, seed, say),
    proveBroken(checker, seed, say),
    proveHostile(checker, options.hostile, seed, say),
  ];
  say(`seed ${seed}`);
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** What was checked, by dialect, and what was wrong. */
class Findings {
  readonly documents = new Map<string, number>();
  readonly elements = new Map<string, number>();
  readonly invalid: string[] = [];
  readonly mismatched: string[] = [];
  ads = 0;

  saw(dialect: string, elements: ReadonlyMap<string, number>): void {
    this.documents.set(dialect, (this.documents.get(dialect) ?? 0) + 1);
    for (const [name, count] of elements) this.elements.set(name, (this.elements.get(name) ?? 0) + count);
  }
}

async function proveDecisions(
  checker: Checker,
  cases: number,
  seed: number,
  say: (line: string) => void,
): Promise<Tally> {
  const findings = new Findings();
  for (let at = 0; at < cases; at++) await proveOne(checker, new Dice(seed + at), at, findings);
  const { documents, elements, invalid, mismatched, ads } = findings;
  say(`      ${cases} decisions, ${ads} ads`);
  for (const [dialect, count] of [...documents].sort()) say(`      ${dialect.padEnd(12)} ${count} documents`);
  // Below a few hundred decisions chance alone leaves elements out.
  const rare = optional.filter((name) => (elements.get(name) ?? 0) < SEEN_MIN);
  say(`      ${optional.map((name) => `${name} ${elements.get(name) ?? 0}`).join(', ')}`);
  return told(say, [
    [`every document is valid: ${invalid.length} invalid`, invalid],
    [`libraries read the same ads in the same order: ${mismatched.length} mismatched`, mismatched],
    [`each of ${optional.length} optional elements occurs at least ${SEEN_MIN} times`, cases < 1_000 ? [] : rare],
  ]);
}

function told(say: (line: string) => void, lines: readonly (readonly [string, readonly string[]])[]): Tally {
  let failed = 0;
  for (const [text, wrong] of lines) {
    if (wrong.length > 0) failed++;
    say(wrong.length === 0 ? `ok    ${text}` : `FAIL  ${text}: ${wrong.slice(0, 5).join('; ')}`);
  }
  return { passed: lines.length - failed, failed };
}

async function proveOne(checker: Checker, dice: Dice, at: number, findings: Findings): Promise<void> {
  const words = honest(dice);
  const draft = draftOf(dice, words);
  findings.ads += draft.pod.ads.length;
  const kind = at % 8;
  const version = vastVersions[kind] ?? dice.of(vastVersions);
  const style = { version, base, priced: dice.chance(0.5), notUsed: dice.chance(0.3) };
  const vast = vastDocument(draft, tokens, style, now);
  if (kind === 7) {
    const mismatch = assetMismatch(JSON.parse(assetList(draft, tokens, base)), draft);
    findings.saw('asset-list', new Map());
    if (mismatch !== null) findings.mismatched.push(`case ${at}: ${mismatch}`);
    return;
  }
  if (kind === 6) await proveStream(checker, draft, vast, { version, at, dice }, findings);
  const fault = checker.fault(xmlHead + vast, version);
  if (fault !== null) findings.invalid.push(`case ${at}, VAST ${version}: ${fault}`);
  findings.saw(kind === 6 ? 'vmap' : `vast ${version}`, checker.counts);
  const mismatch = await vastMismatch(vast, draft, version);
  if (mismatch !== null) findings.mismatched.push(`case ${at}, VAST ${version}: ${mismatch}`);
}

/** The document inside of VMAP is checked as it stands there. */
async function proveStream(
  checker: Checker,
  draft: Parameters<typeof vastMismatch>[1],
  vast: string,
  { version, at, dice }: { readonly version: VastVersion; readonly at: number; readonly dice: Dice },
  findings: Findings,
): Promise<void> {
  const breaks = Array.from({ length: 1 + dice.below(4) }, (_, index) => ({
    id: `break-${index + 1}`,
    timeOffset: dice.of(['start', 'end', '00:10:00.000', '50%', '#2']),
    source: { vast },
    trackers: {
      breakStart: breakUrl(draft.request_id, 'breakStart', tokens, base),
      breakEnd: breakUrl(draft.request_id, 'breakEnd', tokens, base),
      error: breakUrl(draft.request_id, 'breakError', tokens, base),
    },
  }));
  const vmap = xmlHead + vmapDocument(breaks);
  const mismatch = vmapMismatch(vmap, breaks);
  if (mismatch !== null) findings.mismatched.push(`case ${at}, VMAP: ${mismatch}`);
  const inside = /<VAST.*?<\/VAST>/s.exec(vmap)?.[0] ?? '';
  const fault = checker.fault(inside, version);
  if (fault !== null) findings.invalid.push(`case ${at}, VAST ${version} in VMAP: ${fault}`);
  const read = await vastMismatch(inside, draft, version);
  if (read !== null) findings.mismatched.push(`case ${at}, VAST ${version} in VMAP: ${read}`);
}

/** The checker itself: it refuses what is broken. */
function proveBroken(checker: Checker, seed: number, say: (line: string) => void): Tally {
  const style = { version: '4.2' as const, base, priced: true, notUsed: false };
  let whole = '';
  for (let at = 0; whole === '' && at < 10_000; at++) {
    const dice = new Dice(seed + at);
    const draft = draftOf(dice, honest(dice));
    const plain = draft.pod.ads.every(({ shown }) => shown?.creative.media.length === 1 && !shown.creative.companions);
    if (draft.pod.ads.length > 1 && plain) whole = xmlHead + vastDocument(draft, tokens, style, now);
  }
  const wrong = [...(checker.fault(whole, '4.2') === null ? [] : ['the whole document is refused'])];
  const broken = brokenFrom(whole);
  for (const { about, xml } of broken) {
    if (xml === whole) wrong.push(`${about}: nothing was broken`);
    else if (checker.fault(xml, '4.2') === null) wrong.push(`${about} is taken`);
  }
  return told(say, [[`the checker refuses ${broken.length} broken documents`, wrong]]);
}
