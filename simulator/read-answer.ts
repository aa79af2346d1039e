import { CONTENT_SECONDS } from './asking.ts';
import type { Answer, Dialect, ServedBreak } from './call.ts';
import { alone, readAssets, readBids, readPod } from './read-json.ts';
import { readVast, readVmap } from './read-vast.ts';

/** An answer as it is written down: JSON as its value, anything else as its text; null: there is none. */
export function kept(dialect: Dialect, { text }: Answer): unknown {
  if (text === '') return null;
  if ((dialect === 'vast' || dialect === 'vmap') && text.startsWith('<')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The pods of an answer with status 200 or 204, `read` as it was kept. Null: nothing that a player understands. */
export function readAnswer(dialect: Dialect, { status }: Answer, read: unknown): readonly ServedBreak[] | null {
  if (dialect === 'openrtb') return status === 204 ? alone(nothing) : alone(readBids(read));
  if (status !== 200) return null;
  if (dialect === 'json') return alone(readPod(read));
  if (dialect === 'asset-list') return alone(readAssets(read));
  if (typeof read !== 'string') return null;
  return dialect === 'vast' ? alone(readVast(read)) : readVmap(read, CONTENT_SECONDS);
}

const nothing = { filled_seconds: 0, ads: [], backups: [] } as const;
