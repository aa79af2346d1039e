import { assetList } from '../../../decision-api/dialects/asset-list.ts';
import { webUrl } from '../../../decision-api/dialects/escape.ts';
import { vastDocument, xmlHead } from '../../../decision-api/dialects/vast/document.ts';
import { vastVersions } from '../../../decision-api/dialects/vast/versions.ts';
import { answerText } from '../../../decision-api/draft.ts';
import type { Tally } from '../proof.ts';
import type { Checker } from './check.ts';
import { Dice } from './dice.ts';
import { base, draftOf, honest, now, tokens, type Words } from './generate.ts';
import { hostile } from './hostile.ts';
import { streamOf } from './stream-proof.ts';

/** The same decisions with honest and with hostile words: the elements are the same, and each document is valid. */
export function proveHostile(checker: Checker, strings: number, seed: number, say: (line: string) => void): Tally {
  const wrong: string[] = [];
  const broke = new Map<string, number>();
  let carried = 0;
  let documents = 0;
  for (let at = 0; carried < strings; at++) {
    const version = vastVersions[at % vastVersions.length] ?? '4.2';
    const style = { version, base, priced: true, notUsed: true };
    const dice = new Dice(seed + at + 7);
    const said = new Dice(seed - at);
    // Addresses may be whatever they like: what is none is left out, so that there only validity counts.
    const wild = at % 4 === 3;
    const words: Words = {
      text: (name) => {
        carried++;
        return name + hostile(said);
      },
      url: () => {
        carried++;
        return wild ? hostile(said) : `https://a.example/${hostile(said)}`;
      },
    };
    const draft = draftOf(dice, words);
    const usable = wild ? playable(draft) : draft;
    const xml = xmlHead + vastDocument(usable, tokens, style, now);
    documents++;
    const fault = checker.fault(xml, version);
    if (fault !== null) wrong.push(`case ${at}, VAST ${version}: ${fault}`);
    const found = told(checker.counts);
    JSON.parse(assetList(usable, tokens, base));
    JSON.parse(answerText(usable, tokens, base));
    const stream = checker.streamFault(streamOf(dice, words, usable, xml.slice(xmlHead.length), version));
    if (stream !== null) wrong.push(`case ${at}, VMAP: ${stream}`);
    if (wild) continue;
    const plain = draftOf(new Dice(seed + at + 7), honest(new Dice(at)));
    checker.fault(xmlHead + vastDocument(plain, tokens, style, now), version);
    if (told(checker.counts) !== found) broke.set(`case ${at}, VAST ${version}`, at);
  }
  for (const [name] of broke) wrong.push(`${name}: other elements than with honest words`);
  say(
    wrong.length === 0
      ? `ok    ${carried} hostile strings in ${documents} documents: all parse and are valid, no element more or fewer`
      : `FAIL  hostile strings: ${wrong.length} of ${documents} documents; ${wrong.slice(0, 5).join('; ')}`,
  );
  return wrong.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function told(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join();
}

/** Without ads that no decision would hold: a request's admission leaves out what has no address. */
function playable(draft: ReturnType<typeof draftOf>): ReturnType<typeof draftOf> {
  const keeps = ({ shown }: (typeof draft.pod.ads)[number]) =>
    shown !== undefined && (shown.creative.media.some(webbed) || webbed({ url: shown.creative.vastTagUrl ?? '' }));
  return {
    ...draft,
    pod: { ...draft.pod, ads: draft.pod.ads.filter(keeps).map((ad, at) => ({ ...ad, position: at + 1 })) },
    backups: [],
  };
}

function webbed({ url }: { readonly url: string }): boolean {
  return webUrl(url) !== null;
}
