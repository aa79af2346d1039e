import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface JsonChild {
  readonly child: ChildProcess;
  /** The exit code and the last line of standard output, parsed. Rejects when the process cannot start or that line is no JSON object. */
  readonly done: Promise<{ readonly code: number; readonly answer: Record<string, unknown> }>;
}

/** Runs a script of ours with this Node. `script` is relative to the project; every line of standard error goes to `onLine`. */
export function runJsonChild(script: string, args: readonly string[], onLine: (line: string) => void): JsonChild {
  const path = fileURLToPath(new URL(`../../${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let lastLine = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.trim() !== '') lastLine = line;
  });
  createInterface({ input: child.stderr }).on('line', onLine);
  const done = new Promise<{ code: number; answer: Record<string, unknown> }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      try {
        resolve({ code: code ?? 1, answer: JSON.parse(lastLine) as Record<string, unknown> });
      } catch {
        reject(
          new Error(`${script} ended (${signal ?? `exit ${code}`}) without a JSON object: ${lastLine.slice(0, 200)}`),
        );
      }
    });
  });
  return { child, done };
}
