import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../', import.meta.url));

/** A fenced block of a page. */
export interface PageBlock {
  /** Null: to be run by hand. */
  readonly name: string | null;
  /** It runs until it is stopped. */
  readonly stays: boolean;
  /** Why it is run by hand. */
  readonly why: string | null;
  readonly text: string;
}

/** Every block of shell commands on a page: `<!-- run: name -->`, `<!-- run: name (stays) -->` or `<!-- by hand: why -->`. */
export function blocksOf(page: string): readonly PageBlock[] {
  const text = readFileSync(new URL(page, import.meta.url), 'utf8');
  const found = text.matchAll(/(?:<!-- (run|by hand): ([^\n]*?)( \(stays\))? -->\n)?```sh\n([\s\S]*?)```/g);
  return [...found].map(([, kind, words, stays, commands = '']) => ({
    name: kind === 'run' ? (words ?? null) : null,
    why: kind === 'by hand' ? (words ?? null) : null,
    stays: stays !== undefined,
    text: commands,
  }));
}

type Environment = Readonly<Record<string, string>>;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a block as an operator would, in the project's folder. */
export async function runBlock(block: PageBlock, env: Environment): Promise<Ran> {
  const child = start(block, env);
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += String(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code: Number(code ?? 1), ...said };
}

/** A block that stays. */
export interface Staying {
  /** Where it answers: the URL in the line that says it works. */
  readonly url: string;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number>;
}

export async function stayBlock(block: PageBlock, env: Environment): Promise<Staying> {
  const child = start(block, env);
  const ended = once(child, 'close').then(([code]) => Number(code ?? 1));
  const lines: string[] = [];
  const url = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const [, found] = /"url":"(http[^"]+)"/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
    }
  });
  const gone = ended.then((code) => {
    throw new Error(`it ended with ${code}: ${lines.slice(-5).join('\n')}`);
  });
  gone.catch(() => undefined);
  return {
    url: await Promise.race([url, gone]),
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** The last command replaces the shell where it stays, so that a signal reaches it. */
function start({ text, stays }: PageBlock, env: Environment) {
  const program = `"${process.execPath}" "${project}cli/main.ts"`;
  const curl = `command -v curl > /dev/null || curl() { "${process.execPath}" "${project}docs/curl.mjs" "$@"; }\n`;
  // A tour says itself what `breakwater` is.
  const command = text.includes('breakwater() {') ? '' : `breakwater() { ${program} "$@"; }\n`;
  const prelude = stays ? '' : command + curl;
  const commands = stays ? text.replace(/^breakwater /m, `exec ${program} `) : text;
  // Without a standard input, or bash may take us for a remote shell and read its start-up files.
  return spawn('bash', ['--norc', '-euo', 'pipefail', '-c', prelude + commands], {
    cwd: project,
    env: { ...env },
    // What stays ends by itself when the test is killed: its channel closes.
    stdio: ['ignore', 'pipe', 'pipe', stays ? 'ipc' : 'ignore'],
  });
}
