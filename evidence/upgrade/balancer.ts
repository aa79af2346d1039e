import { once } from 'node:events';
import {
  type Agent,
  createServer,
  type IncomingMessage,
  Agent as KeepAlive,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

interface Backend {
  readonly url: URL;
  readonly release: string;
  busy: number;
}

/** A load balancer in front of decision APIs of both releases: what an operator's does, and no more. */
export class Balancer implements AsyncDisposable {
  readonly #server = createServer((incoming, outgoing) => void this.#forward(incoming, outgoing));
  readonly #agent: Agent = new KeepAlive({ keepAlive: true });
  #backends: Backend[] = [];
  #turn = 0;
  /** Calls answered, by release. */
  readonly answered: Record<string, number> = {};
  /** Calls that no backend could be found for. */
  refused = 0;

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  add(url: string, release: string): void {
    this.#backends.push({ url: new URL(url), release, busy: 0 });
  }

  /** Sends it nothing more; resolves when what it has been sent is answered. */
  async remove(url: string): Promise<void> {
    const leaving = this.#backends.filter((one) => one.url.href === new URL(url).href);
    this.#backends = this.#backends.filter((one) => !leaving.includes(one));
    while (leaving.some(({ busy }) => busy > 0)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  async #forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const backend = this.#backends[this.#turn++ % Math.max(1, this.#backends.length)];
    if (!backend) {
      this.refused++;
      outgoing.writeHead(503).end();
      return;
    }
    backend.busy++;
    try {
      await this.#pass(backend, incoming, outgoing);
      this.answered[backend.release] = (this.answered[backend.release] ?? 0) + 1;
    } catch {
      // The client sees what it would see of any balancer whose backend broke off, and decides itself what to do.
      this.refused++;
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    } finally {
      backend.busy--;
    }
  }

  #pass({ url }: Backend, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    return new Promise((resolve, reject) => {
      const { method = 'GET', url: path = '/', headers } = incoming;
      const passed = request({ host: url.hostname, port: url.port, method, path, headers, agent: this.#agent });
      passed.once('error', reject);
      passed.once('response', (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
        response.once('error', reject);
        outgoing.once('close', resolve);
      });
      incoming.pipe(passed);
    });
  }
}
