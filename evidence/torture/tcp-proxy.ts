import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const CONNECT_MS_MAX = 2_000;
/** What one side has sent and the other has not been given yet, per direction: beyond it the sender has to wait. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** How the wire behaves; all of it at once is possible. */
export interface Wire {
  /** Every chunk comes this much later, in both directions. */
  readonly delayMs: number;
  /** Nothing comes through, and nobody is told: connections stay, bytes wait. */
  readonly stalled: boolean;
  /** Who connects is reset at once. */
  readonly refusing: boolean;
}

const HEALTHY: Wire = { delayMs: 0, stalled: false, refusing: false };

/**
 * A TCP connection's other end, in this process: what comes in goes to the next of its targets that accepts (one after the
 * other, so that several share the connections), and the wire between can be cut, delayed and stalled. Nothing of
 * the bytes is read.
 */
export class TcpProxy implements AsyncDisposable {
  /** As it is called in reports. */
  readonly name: string;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #targets: readonly number[] = [];
  #turn = 0;
  #wire: Wire = HEALTHY;
  #accepted = 0;

  private constructor(name: string, server: Server) {
    this.name = name;
    this.#server = server;
    server.on('connection', (socket) => void this.#serve(socket));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async open(name: string): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(name, server);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address !== 'object') throw new Error(`${this.name} does not listen any more`);
    return address.port;
  }

  /** How many connections there are now. */
  get connections(): number {
    return this.#links.size;
  }

  /** How many there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  get wire(): Wire {
    return this.#wire;
  }

  /** Where new connections lead: ports of 127.0.0.1. */
  aim(targets: readonly number[]): void {
    this.#targets = targets;
  }

  /** Resets what is connected; `share` of it, in the order of its age. Answers how many connections that were. */
  cut(share = 1): number {
    const cut = [...this.#links].slice(0, Math.ceil(this.#links.size * share));
    for (const link of cut) link.reset();
    return cut.length;
  }

  /** Changes the wire for those who are connected and those who come. */
  bend(change: Partial<Wire>): void {
    this.#wire = { ...this.#wire, ...change };
    for (const link of this.#links) link.flow();
  }

  heal(): void {
    this.bend(HEALTHY);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  async #serve(near: Socket): Promise<void> {
    this.#accepted++;
    near.on('error', () => near.destroy());
    if (this.#wire.refusing) {
      near.resetAndDestroy();
      return;
    }
    const link = new Link(near, () => this.#wire);
    this.#links.add(link);
    near.once('close', () => this.#links.delete(link));
    const far = await this.#reach();
    if (far === null || near.destroyed) {
      far?.destroy();
      near.resetAndDestroy();
      return;
    }
    link.join(far);
  }

  /** The next target that accepts. */
  async #reach(): Promise<Socket | null> {
    const targets = this.#targets;
    const first = this.#turn++;
    for (let at = 0; at < targets.length; at++) {
      const socket = await dial(targets[(first + at) % targets.length] ?? 0);
      if (socket !== null) return socket;
    }
    return null;
  }
}

async function dial(port: number): Promise<Socket | null> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), CONNECT_MS_MAX);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  const connected = await promise;
  clearTimeout(timer);
  if (connected) return socket;
  socket.destroy();
  return null;
}

/** One connection: two streams, one each way. */
class Link {
  readonly #near: Socket;
  readonly #wire: () => Wire;
  #far: Socket | null = null;
  #ways: readonly Way[] = [];

  constructor(near: Socket, wire: () => Wire) {
    this.#near = near;
    this.#wire = wire;
    near.pause();
  }

  join(far: Socket): void {
    this.#far = far;
    far.on('error', () => this.reset());
    far.once('close', () => this.#near.destroy());
    this.#near.once('close', () => far.destroy());
    this.#ways = [new Way(this.#near, far, this.#wire), new Way(far, this.#near, this.#wire)];
  }

  /** Takes up again what the wire lets through. */
  flow(): void {
    for (const way of this.#ways) way.flow();
  }

  reset(): void {
    if (!this.#near.destroyed) this.#near.resetAndDestroy();
    if (this.#far !== null && !this.#far.destroyed) this.#far.resetAndDestroy();
  }
}

/** One direction: chunks in their order, each let through once its time has come; null is the end. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #wire: () => Wire;
  #waiting: { readonly chunk: Buffer | null; readonly dueAt: number }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, wire: () => Wire) {
    this.#from = from;
    this.#to = to;
    this.#wire = wire;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.once('end', () => this.#take(null));
    from.once('close', () => clearTimeout(this.#timer ?? undefined));
    to.on('drain', () => this.flow());
    from.resume();
  }

  #take(chunk: Buffer | null): void {
    this.#waiting.push({ chunk, dueAt: performance.now() + this.#wire().delayMs });
    this.#bytes += chunk?.length ?? 0;
    if (this.#bytes > WAITING_BYTES_MAX) this.#from.pause();
    this.flow();
  }

  flow(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    if (this.#wire().stalled || this.#to.writableNeedDrain) return;
    const now = performance.now();
    while (this.#waiting[0] !== undefined && this.#waiting[0].dueAt <= now && !this.#to.writableNeedDrain) this.#let();
    const next = this.#waiting[0];
    if (next !== undefined && !this.#to.writableNeedDrain) {
      this.#timer = setTimeout(() => this.flow(), Math.ceil(next.dueAt - now));
    }
    if (this.#bytes <= WAITING_BYTES_MAX && this.#from.isPaused()) this.#from.resume();
  }

  #let(): void {
    const one = this.#waiting.shift();
    if (one === undefined || this.#to.destroyed) return;
    this.#bytes -= one.chunk?.length ?? 0;
    if (one.chunk === null) this.#to.end();
    else this.#to.write(one.chunk);
  }
}
