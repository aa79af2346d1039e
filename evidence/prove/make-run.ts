import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the demo for 20 s and keeps what it leaves in `dir`; answers `dir`. Rejects if the demo fails. */
export function makeRun(dir: string, say: (line: string) => void): Promise<string> {
  say('no --dir: running the demo for 20 s first');
  const args = ['cli/breakwater.mjs', 'demo', '--for', '20s', '--keep', dir, '--json'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve(dir) : reject(new Error(`the demo ended with ${code}`))));
  });
}
