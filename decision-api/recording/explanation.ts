import type { Clock } from '../../engines/clock.ts';

/** What is said of a whole decision, and of each campaign of the catalog, found out as it is asked for. */
export interface Explanation<C extends object = object> {
  readonly head: object;
  readonly campaigns: Iterable<C>;
}

const TURN_US = 4_000;

/** As pieces of JSON text. Of 100,000 campaigns they take seconds: after each piece others have their turn. */
export async function* explanationPieces({ head, campaigns }: Explanation, clock: Clock): AsyncGenerator<string> {
  let piece = `${JSON.stringify(head).slice(0, -1)},"campaigns":[`;
  let comma = '';
  let began = clock.ticks();
  for (const campaign of campaigns) {
    piece += comma + JSON.stringify(campaign);
    comma = ',';
    if (clock.ticks() - began < TURN_US) continue;
    yield piece;
    piece = '';
    await new Promise<void>((resolve) => setImmediate(resolve));
    began = clock.ticks();
  }
  yield `${piece}]}`;
}

export async function explanationText(explanation: Explanation, clock: Clock): Promise<string> {
  return (await Array.fromAsync(explanationPieces(explanation, clock))).join('');
}
