import { randomInt } from 'node:crypto';
import { assetList } from '../../decision-api/dialects/asset-list.ts';
import { vastDocument, xmlHead } from '../../decision-api/dialects/vast/document.ts';
import { isVastVersion, vastVersions } from '../../decision-api/dialects/vast/versions.ts';
import { answerText, type Draft } from '../../decision-api/draft.ts';
import { assetMismatch } from './players/assets.ts';
import { readBids } from './players/bids.ts';
import { type Broken, brokenFrom, brokenStreamsFrom } from './players/broken.ts';
import { type Checker, checkerOf } from './players/check.ts';
import { Dice } from './players/dice.ts';
import { base, draftOf, honest, now, tokens, type Words } from './players/generate.ts';
import { proveHostile } from './players/hostile-proof.ts';
import { jsonMismatch } from './players/plain-json.ts';
import { type Read, vastMismatch } from './players/read-back.ts';
import { readStream, wholeStream } from './players/stream-proof.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** Elements that not every document has, each of which must have been seen often enough to say something of it. */
const optional = [
  'AdParameters',
  'AdTagURI',
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
  'VASTAdData',
  'VASTAdTagURI',
  'VerificationParameters',
  'ViewUndetermined',
  'Viewable',
  'Wrapper',
] as const;

const SEEN_MIN = 100;
const CASES_MIN = 1_000;

/** Drafts that are drawn, not decided, in every dialect: valid, read back as the same ads, whatever a creative holds. */
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
  say(`      ${cases} drawn drafts, ${ads} ads`);
  for (const [dialect, count] of [...documents].sort()) say(`      ${dialect.padEnd(12)} ${count} documents`);
  say(`      ${optional.map((name) => `${name} ${elements.get(name) ?? 0}`).join(', ')}`);
  const often = `each of ${optional.length} optional elements occurs at least ${SEEN_MIN} times`;
  const rare = optional.filter((name) => (elements.get(name) ?? 0) < SEEN_MIN);
  // Chance alone leaves elements out of few drafts.
  if (cases < CASES_MIN) say(`-     not looked at below ${CASES_MIN} drafts: ${often}`);
  return told(say, [
    [`every document is valid: ${invalid.length} invalid`, invalid],
    [`libraries read the same ads in the same order: ${mismatched.length} mismatched`, mismatched],
    ...(cases < CASES_MIN ? [] : [[often, rare] as const]),
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

/** One after the other, so that each has its share. */
const kinds = [...vastVersions, 'vmap', 'asset-list', 'openrtb', 'json'] as const;

async function proveOne(checker: Checker, dice: Dice, at: number, findings: Findings): Promise<void> {
  const words = honest(dice);
  const draft = draftOf(dice, words);
  findings.ads += draft.pod.ads.length;
  const kind = kinds[at % kinds.length] ?? 'json';
  const { invalid, mismatched, counts } = await readAs(kind, checker, dice, words, draft);
  findings.saw(isVastVersion(kind) ? `vast ${kind}` : kind, counts);
  if (invalid !== null) findings.invalid.push(`case ${at}, ${kind}: ${invalid}`);
  if (mismatched !== null) findings.mismatched.push(`case ${at}, ${kind}: ${mismatched}`);
}

async function readAs(
  kind: (typeof kinds)[number],
  checker: Checker,
  dice: Dice,
  words: Words,
  draft: Draft,
): Promise<Read> {
  const plain = (mismatched: string | null): Read => ({ invalid: null, mismatched, counts: new Map() });
  if (kind === 'json') return plain(jsonMismatch(answerText(draft, tokens, base), draft));
  if (kind === 'asset-list') return plain(assetMismatch(JSON.parse(assetList(draft, tokens, base)), draft));
  if (kind === 'openrtb') return readBids(checker, dice, draft);
  const version = kind === 'vmap' ? dice.of(vastVersions) : kind;
  const style = { version, base, priced: dice.chance(0.5), notUsed: dice.chance(0.3) };
  const vast = vastDocument(draft, tokens, style, now);
  if (kind === 'vmap') return readStream(checker, { dice, words, draft }, vast, version);
  const invalid = checker.fault(xmlHead + vast, version);
  return { invalid, mismatched: await vastMismatch(vast, draft, version), counts: checker.counts };
}

/** The checker itself: it refuses what is broken. */
function proveBroken(checker: Checker, seed: number, say: (line: string) => void): Tally {
  const vast = plainDocument(seed);
  const xml = xmlHead + vast;
  const stream = wholeStream(vast);
  const wrong = [
    ...wrongOf(xml, brokenFrom(xml), (each) => checker.fault(each, '4.2')),
    ...wrongOf(stream, brokenStreamsFrom(stream), (each) => checker.streamFault(each)),
  ];
  const count = brokenFrom(xml).length + brokenStreamsFrom(stream).length;
  return told(say, [[`the checker refuses ${count} broken documents`, wrong]]);
}

function wrongOf(whole: string, broken: readonly Broken[], faultOf: (xml: string) => string | null): readonly string[] {
  const fault = faultOf(whole);
  const taken = broken.flatMap(({ about, xml }) => {
    if (xml === whole) return [`${about}: nothing was broken`];
    return faultOf(xml) === null ? [`${about} is taken`] : [];
  });
  return fault === null ? taken : [`the whole document is refused: ${fault}`, ...taken];
}

/** A document of 4.2 with two ads or more, in which each change has its place: where an ad has two impressions, one may go. */
function plainDocument(seed: number): string {
  const style = { version: '4.2' as const, base, priced: true, notUsed: false };
  for (let at = 0; at < 10_000; at++) {
    const dice = new Dice(seed + at);
    const draft = draftOf(dice, honest(dice));
    const plain = draft.pod.ads.every(({ shown }) => shown?.creative.media.length === 1 && !shown.creative.companions);
    if (draft.pod.ads.length < 2 || !plain) continue;
    const vast = vastDocument(draft, tokens, style, now);
    if (vast.split('</Impression>').length === draft.pod.ads.length + 1) return vast;
  }
  throw new Error(`no plain document in 10000 from seed ${seed}`);
}
