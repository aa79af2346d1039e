import { queryWith } from '../../../decision-api/dialects/query.ts';
import { breakUrl, xmlHead } from '../../../decision-api/dialects/vast/document.ts';
import type { VastVersion } from '../../../decision-api/dialects/vast/versions.ts';
import { type AdBreak, vmapDocument } from '../../../decision-api/dialects/vmap.ts';
import type { Draft } from '../../../decision-api/draft.ts';
import type { Checker } from './check.ts';
import type { Dice } from './dice.ts';
import { base, tokens, type Words } from './generate.ts';
import { type Read, vastMismatch, vmapMismatch } from './read-back.ts';

/** A stream of one to six breaks: each decided, with the same document, or told by a tag that asks what the request asked. */
export function streamOf(dice: Dice, words: Words, draft: Draft, vast: string, version: VastVersion): string {
  return xmlHead + vmapDocument(breaksOf(dice, words, draft, vast, version));
}

/** Two breaks, `one` decided and `two` told by a tag. */
export function wholeStream(vast: string): string {
  const told = (event: 'breakStart' | 'breakEnd' | 'breakError') => breakUrl('r', event, tokens, base);
  const trackers = { breakStart: told('breakStart'), breakEnd: told('breakEnd'), error: told('breakError') };
  const tag = `${base}/api/v2/vast?break_index=1`;
  return (
    xmlHead +
    vmapDocument([
      { id: 'one', timeOffset: 'start', source: { vast }, trackers },
      { id: 'two', timeOffset: '00:10:00.000', source: { tag, templateType: 'vast4' }, trackers },
    ])
  );
}

function breaksOf(dice: Dice, words: Words, draft: Draft, vast: string, version: VastVersion): readonly AdBreak[] {
  return Array.from({ length: 1 + dice.below(6) }, (_, at) => {
    const asked = { user_id: words.text('user'), ua: words.text('agent'), breaks: 'start' };
    const tag = `${base}/api/v2/vast?${queryWith(asked, ['breaks'], { version, break_index: String(at) })}`;
    return {
      id: dice.chance(0.5) ? `break-${at + 1}` : words.text(`break ${at + 1}`),
      timeOffset: dice.of(['start', 'end', '00:10:00.000', '99:59:59.999', '50%', '100%', '#2']),
      source: dice.chance(0.5) ? { tag, templateType: `vast${version.slice(0, 1)}` } : { vast },
      trackers: {
        breakStart: breakUrl(draft.request_id, 'breakStart', tokens, base),
        breakEnd: breakUrl(draft.request_id, 'breakEnd', tokens, base),
        error: breakUrl(draft.request_id, 'breakError', tokens, base),
      },
    };
  });
}

/** Documents inside of VMAP are checked as they stand there. */
export async function readStream(
  checker: Checker,
  { dice, words, draft }: { readonly dice: Dice; readonly words: Words; readonly draft: Draft },
  vast: string,
  version: VastVersion,
): Promise<Read> {
  const breaks = breaksOf(dice, words, draft, vast, version);
  const vmap = xmlHead + vmapDocument(breaks);
  let invalid = checker.streamFault(vmap);
  const { counts } = checker;
  let mismatched = vmapMismatch(vmap, breaks);
  for (const [inside] of vmap.matchAll(/<VAST .*?<\/VAST>/gs)) {
    invalid ??= checker.fault(inside, version);
    mismatched ??= await vastMismatch(inside, draft, version);
  }
  return { invalid, mismatched, counts };
}
