import { statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { makeDataFolder } from './data-folder.ts';
import { EngineError } from './errors.ts';

/** A data folder that this process has for itself. */
export interface HeldFolder {
  release(): Promise<void>;
}

const ASK_MS_MAX = 500;

/**
 * Takes a data folder for this process alone, at once; the kernel gives it back when the process ends, however it does.
 * A name in Linux's abstract socket space stands for the folder, so it needs no file, and nothing stale can be left over;
 * containers with networks of their own do not see each other's. EngineError `misconfigured` with who has it, or why
 * it cannot be made or written.
 */
export async function holdFolder(dataDir: string, who: string): Promise<HeldFolder> {
  makeDataFolder(dataDir);
  if (process.platform !== 'linux') return { release: async () => undefined };
  const { dev, ino } = statSync(dataDir, { bigint: true });
  const name = `\0breakwater-${dev}-${ino}`;
  const server = createServer((asking) => {
    asking.on('error', () => asking.destroy());
    asking.end(`${who}, pid ${process.pid}`);
  });
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve);
    server.listen(name, () => resolve(null));
  });
  if (error?.code === 'EADDRINUSE') {
    throw new EngineError(
      'misconfigured',
      `${dataDir} is in use by ${await holderOf(name)}: stop it, or choose another DATA_DIR`,
    );
  }
  if (error) throw error;
  server.unref();
  return { release: () => new Promise((resolve) => void server.close(() => resolve())) };
}

function holderOf(name: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(name);
    const answer = () => {
      socket.destroy();
      resolve(said || 'another process');
    };
    socket.setTimeout(ASK_MS_MAX, answer);
    socket.on('data', (data) => {
      said += data.toString('utf8');
    });
    socket.on('close', answer);
    socket.on('error', answer);
  });
}
