import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './interleave.ts';

/** One request to a bare Fastify server in a process of its own; the CPU is the server's alone. */
export async function startEcho(): Promise<Contestant & AsyncDisposable> {
  const child = fork(fileURLToPath(new URL('echo-child.ts', import.meta.url)));
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return {
    name: 'echo',
    async cpuMicros(times) {
      const before = await cpuOf(child);
      let left = times;
      const caller = async () => {
        while (left-- > 0) await post(`${url}/echo`, agent);
      };
      await Promise.all(Array.from({ length: 8 }, caller));
      return (await cpuOf(child)) - before;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

const body = JSON.stringify({ user: { id: 'x'.repeat(700) } });

function post(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const answered = once(child, 'message');
  child.send('cpu');
  const [{ cpuMicros }] = (await answered) as [{ cpuMicros: number }];
  return cpuMicros;
}
