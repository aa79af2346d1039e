import { vastDocument } from '../../decision-api/dialects/vast/document.ts';
import { Dice } from '../prove/players/dice.ts';
import { draftOf, honest, now, tokens } from '../prove/players/generate.ts';
import { startEcho } from './echo.ts';
import { compare, here } from './interleave.ts';
import { atMost, type BenchOptions, micros, type Rows, range, told } from './rows.ts';

const style = { version: '4.2', base: 'https://ads.example', priced: false, notUsed: false } as const;

/** A pod of six ads with all that its creatives hold: the bound is for the text, whose signatures are made before; with them it is told. */
export async function benchVast(_options: BenchOptions): Promise<Rows> {
  const draft = sixAds();
  const signed = signedOnce();
  await using echo = await startEcho();
  const written = here('vast', () => Buffer.byteLength(vastDocument(draft, signed, style, now)));
  const whole = here('signed', () => Buffer.byteLength(vastDocument(draft, tokens, style, now)));
  const alone = await compare(written, echo, { rounds: 21, blockMs: 60 });
  const all = await compare(whole, echo, { rounds: 21, blockMs: 60 });
  const bytes = Buffer.byteLength(vastDocument(draft, tokens, style, now));
  const detail = `${micros(alone.micros.vast)} of ${micros(alone.micros.echo)}, ${bytes} bytes; ${range(alone.ratios)}`;
  return {
    vast_pod_unsigned_over_echo: atMost(alone.ratio, 0.1, 0.05, detail),
    vast_pod_signed_over_echo: told(all.ratio, `${micros(all.micros.signed)} with signatures and as bytes`),
  };
}

function sixAds(): ReturnType<typeof draftOf> {
  for (let seed = 1; ; seed++) {
    const dice = new Dice(seed);
    const draft = draftOf(dice, honest(dice));
    if (draft.pod.ads.length === 6 && !draft.backups) return draft;
  }
}

/** The signatures of an ad are made once for an answer, whatever its dialect: here they are made beforehand. */
function signedOnce(): typeof tokens {
  const known = new Map<string, ReturnType<typeof tokens.signAll>>();
  const signAll = (facts: string) => {
    const found = known.get(facts) ?? tokens.signAll(facts);
    known.set(facts, found);
    return found;
  };
  return { signAll } as typeof tokens;
}
