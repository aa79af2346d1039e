import { Agent, request } from 'node:http';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | null;
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly etag: string | null;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const ANSWER_MS_MAX = 40_000;

/** One request over a real socket. Rejects where no answer came. */
export function ask(base: string, { method, path, headers, body }: Sent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    // Node sends no length of its own for a DELETE with a body.
    const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
    const all = { ...headers, ...length };
    const sent = request({ agent, hostname, port, method, path, headers: all, timeout: ANSWER_MS_MAX }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          type: String(answer.headers['content-type'] ?? ''),
          etag: answer.headers.etag ?? null,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path} in ${ANSWER_MS_MAX} ms`)));
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}

export function closeAgent(): void {
  agent.destroy();
}

export function told({ method, path, headers, body }: Sent): string {
  const { authorization: _, ...shown } = headers;
  return `${method} ${path} ${JSON.stringify(shown)} ${String(body ?? '').slice(0, 600)}`;
}
