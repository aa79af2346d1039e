// Plain JavaScript for any Node from 18 on: finds a Node 24 before anything written in TypeScript is loaded.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WANTED_MAJOR = 24;

/** The binary to run TypeScript with: this one when it is new enough, else the one that npm installed; null when there is none. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath;
  const binary = fileURLToPath(new URL(`../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url));
  return process.platform === 'linux' && existsSync(binary) ? binary : null;
}

/** Runs `script` with Node 24, passing signals on, and exits as it exits. Names the remedy when there is no Node 24. */
export function runWithNode24(script, args) {
  const node = findNode();
  if (node === null) {
    process.stderr.write(
      `Breakwater needs Node ${WANTED_MAJOR}; this is ${process.versions.node}, and npm has not installed the bundled one.\n` +
        'Run `npm install` without --omit=optional (Linux on x64 or arm64), or install Node 24 from https://nodejs.org.\n',
    );
    process.exit(1);
  }
  const child = spawn(node, [script, ...args], { stdio: 'inherit' });
  // A terminal sends its signal to the child as well; the child counts two of the same kind as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${node} does not start: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}
