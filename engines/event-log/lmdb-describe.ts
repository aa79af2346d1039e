import type { Clock } from '../clock.ts';
import { LmdbEnvironment } from '../lmdb/environment.ts';
import { LogStore } from './log-store.ts';
import type { FoundTopic } from './topic-check.ts';

/** Topics as the embedded log in this folder has them; changes nothing. */
export async function describeLmdbTopics(path: string, clock: Clock, names: readonly string[]): Promise<FoundTopic[]> {
  const onError = (error: unknown) => process.emitWarning(error as Error);
  const environment = new LmdbEnvironment({ path, clock, flush: true, inline: false, onError });
  try {
    const store = new LogStore(environment);
    const there = new Set(store.topics());
    const known = names.filter((name) => there.has(name));
    return known.map((name) => ({ name, fullName: name, ...store.settings(name), kafka: null }));
  } finally {
    await environment.close();
  }
}
