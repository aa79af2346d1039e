import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { nodeFlags } from '../../cli/node-flags.ts';
import type { Contestant } from './interleave.ts';

/** A server in a process of its own that says its URL, and its CPU when it is asked. */
export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  /** Posts a body; resolves to the answer's, or rejects where it is no 200. */
  post(body: string): Promise<string>;
  cpuMicros(): Promise<number>;
}

/** `at`: the path that bodies are posted to. */
export async function startServer(file: string, args: readonly string[], at: string): Promise<BenchServer> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: [...nodeFlags] });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it was ready`);
  });
  const [{ url }] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
  ended.catch(() => undefined);
  const agent = new Agent({ keepAlive: true, maxSockets: 1_024 });
  return {
    url,
    post: (body) => post(`${url}${at}`, body, agent),
    cpuMicros: () => cpuOf(child),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

/** Bodies in turn from so many callers at once; the CPU is the server's alone. */
export function calls(name: string, server: BenchServer, nextBody: () => string, callers: number): Contestant {
  return {
    name,
    async cpuMicros(times) {
      const before = await server.cpuMicros();
      let left = times;
      const caller = async () => {
        while (left-- > 0) await server.post(nextBody());
      };
      await Promise.all(Array.from({ length: callers }, caller));
      return (await server.cpuMicros()) - before;
    },
  };
}

function post(url: string, body: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks).toString());
        else reject(new Error(`${answer.statusCode}: ${Buffer.concat(chunks).toString().slice(0, 300)}`));
      });
    });
    // A server closes a connection that was idle for long; whoever asks on it in that moment asks again.
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(post(url, body, agent));
      else reject(error);
    });
    sent.end(body);
  });
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const answered = once(child, 'message');
  child.send('cpu');
  const [{ cpuMicros }] = (await answered) as [{ cpuMicros: number }];
  return cpuMicros;
}
