import { schemaType } from './avro.ts';
import type { TokenFact } from './facts.ts';

/** The signed facts of a tracking URL: `t` is <key id>.<facts>.<signature>, the facts base64url of Avro, then `~` and why the request was invalid traffic. */
export function readToken(url: string): TokenFact | null {
  const facts = /[?&]t=[^.&]+\.([A-Za-z0-9_-]+)(?:~\w+)?\./.exec(url)?.[1];
  if (facts === undefined) return null;
  try {
    return schemaType('tracking-token').fromBuffer(Buffer.from(facts, 'base64url')) as TokenFact;
  } catch {
    return null;
  }
}

/** What a tracking URL has in common with all others of its ad; null: it carries no facts. */
export function factsText(url: string): string | null {
  return /[?&]t=([^.&]+\.[A-Za-z0-9_-]+(?:~\w+)?)\./.exec(url)?.[1] ?? null;
}
