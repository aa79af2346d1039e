import type { Clock } from './clock.ts';

/** A server in a process of its own. */
export interface Server {
  readonly url: string;
  /** Resolves, with how, when it has ended. */
  readonly ended: Promise<string>;
  /** Idempotent. */
  stop(): Promise<void>;
}

export interface KeepRunningOptions {
  readonly name: string;
  readonly clock: Clock;
  start(): Promise<Server>;
  readonly onProgress: (line: string) => void;
}

const WAIT_MS = { first: 100, most: 5_000 };

/** Starts a server, and starts it again at the same URL whenever it ends before `stop`. */
export async function keepRunning(options: KeepRunningOptions): Promise<Pick<Server, 'url' | 'stop'>> {
  const { name, clock, onProgress } = options;
  let server = await options.start();
  const { url } = server;
  const asked = Promise.withResolvers<null>();
  let stopping = false;

  async function startAgain(): Promise<void> {
    for (let waitMs = WAIT_MS.first; !stopping; waitMs = Math.min(waitMs * 2, WAIT_MS.most)) {
      try {
        server = await options.start();
        if (server.url === url) return;
        await server.stop();
        onProgress(`${name} does not start: its port is taken`);
      } catch (error) {
        onProgress(`${name} does not start: ${(error as Error).message}`);
      }
      await Promise.race([clock.sleep(waitMs), asked.promise]);
    }
  }

  async function watch(): Promise<void> {
    while (!stopping) {
      const how = await Promise.race([server.ended, asked.promise]);
      if (how === null) return;
      onProgress(`${name} ended (${how}); starting it again`);
      await startAgain();
    }
  }

  const watching = watch();
  return {
    url,
    async stop() {
      stopping = true;
      asked.resolve(null);
      await watching;
      await server.stop();
    },
  };
}
