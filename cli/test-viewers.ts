import { setTimeout as sleep } from 'node:timers/promises';

/** What viewers were answered. */
export interface Watched {
  readonly viewers: Set<string>;
  requests: number;
  /** Answered 2xx. */
  impressions: number;
  completes: number;
  /** Anything that was not answered as it should be. */
  readonly failures: string[];
}

export interface Viewers {
  readonly watched: Watched;
  /** Lets those who watch finish. */
  stop(): Promise<void>;
}

const PAUSE_MS = 100;

/** Viewers who ask for pods and report each ad's impression, then its complete, as players do; each comes back now and then. */
export function startViewers(url: string, atOnce: number): Viewers {
  const watched: Watched = { viewers: new Set(), requests: 0, impressions: 0, completes: 0, failures: [] };
  let stopping = false;
  const report = async (kind: 'impressions' | 'completes', target: string | undefined) => {
    const response = await fetch(target ?? '', { signal: AbortSignal.timeout(15_000) });
    await response.arrayBuffer();
    if (response.ok) watched[kind]++;
    else watched.failures.push(`a beacon was answered ${response.status}`);
  };
  const watch = async (viewer: string) => {
    watched.viewers.add(viewer);
    const response = await fetch(`${url}/api/v2/ad-request`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pod_duration: 60, max_ads: 2, user: { id: viewer } }),
      signal: AbortSignal.timeout(15_000),
    });
    const { pod } = (await response.json()) as { pod: { ads: { tracking: Record<string, string> }[] } };
    watched.requests++;
    for (const { tracking } of pod.ads) {
      await report('impressions', tracking.impression);
      await report('completes', tracking.complete);
    }
  };
  const loop = async (seat: number) => {
    for (let round = 0; !stopping; round++) {
      try {
        await watch(`viewer ${seat} ${round % 25}`);
      } catch (error) {
        watched.failures.push((error as Error).message);
      }
      await sleep(PAUSE_MS);
    }
  };
  const loops = Array.from({ length: atOnce }, (_, seat) => loop(seat));
  return {
    watched,
    async stop() {
      stopping = true;
      await Promise.all(loops);
    },
  };
}
