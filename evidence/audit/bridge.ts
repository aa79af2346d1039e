import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Bridge {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves DIR/warehouse over HTTP by starting the product's own bridge as a separate process. The audit talks SQL to it
 * and shares no code with it. Rejects with the bridge's complaint if the folder is still in use.
 */
export function startBridge(dir: string): Promise<Bridge> {
  const script = fileURLToPath(new URL('../../engines/warehouse/chdb-bridge.ts', import.meta.url));
  const child = fork(script, [join(dir, 'warehouse'), '0'], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = () => {
    child.kill('SIGTERM');
    return gone;
  };
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the warehouse's bridge ended with ${code}`)));
    child.once('message', (hello: { port?: number; error?: string }) => {
      if (hello.port !== undefined) resolve({ url: `http://127.0.0.1:${hello.port}`, stop });
      else reject(new Error(hello.error ?? "the warehouse's bridge said nothing"));
    });
  });
}
