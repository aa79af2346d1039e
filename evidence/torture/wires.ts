import type { KafkaServer } from '../../compose/native/kafka.ts';
import type { RealServers } from './real-servers.ts';
import { type Lane, lanes, type ServerName, servers } from './schedule.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A wire from each lane to each server, and one from the viewers to the APIs, which shares them out. */
export class Wires implements AsyncDisposable {
  readonly viewers: TcpProxy;
  readonly #byLane: ReadonlyMap<string, TcpProxy>;

  private constructor(viewers: TcpProxy, byLane: ReadonlyMap<string, TcpProxy>) {
    this.viewers = viewers;
    this.#byLane = byLane;
  }

  static async open(): Promise<Wires> {
    const byLane = new Map<string, TcpProxy>();
    for (const lane of lanes) {
      for (const server of servers) {
        const name = nameOf(lane, server);
        byLane.set(name, await TcpProxy.open(name));
      }
    }
    return new Wires(await TcpProxy.open('viewers'), byLane);
  }

  of(lane: Lane, server: ServerName): TcpProxy {
    const found = this.#byLane.get(nameOf(lane, server));
    if (found === undefined) throw new Error(`no wire from ${lane} to ${server}`);
    return found;
  }

  /** Where Kafka has to tell each lane's clients to stay. */
  kafkaPorts(): number[] {
    return lanes.map((lane) => this.of(lane, 'kafka').port);
  }

  /** Leads every wire to where its server listens now. */
  aim({ all, kafka }: Pick<RealServers, 'all'> & { readonly kafka: Pick<KafkaServer, 'doors'> }): void {
    for (const [at, lane] of lanes.entries()) {
      for (const server of servers) {
        const port = server === 'kafka' ? kafka.doors[at] : portOf(all[server].url);
        this.of(lane, server).aim(port === undefined ? [] : [port]);
      }
    }
  }

  /** The settings with which a lane's processes find their servers. */
  settings(lane: Lane, { all }: Pick<RealServers, 'all'>): Record<string, string> {
    const port = (server: ServerName) => String(this.of(lane, server).port);
    const through = (server: ServerName) => {
      const url = new URL(all[server].url);
      url.port = port(server);
      return url.toString();
    };
    return {
      EVENT_LOG: `kafka://127.0.0.1:${port('kafka')}`,
      STATE_STORE: `redis://127.0.0.1:${port('redis')}`,
      WAREHOUSE: through('chdb').replace(/\/$/, ''),
      CATALOG: through('postgres'),
    };
  }

  heal(): void {
    this.viewers.heal();
    for (const wire of this.#byLane.values()) wire.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.viewers, ...this.#byLane.values()].map((wire) => wire[Symbol.asyncDispose]()));
  }
}

function nameOf(lane: Lane, server: ServerName): string {
  return `${lane} to ${server}`;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
