import { systemClock } from '../../engines/clock.ts';
import type { Deeds } from './deeds.ts';
import type { Blow, Role, Strike } from './schedule.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import type { World } from './world.ts';

const TRY_AGAIN_MS = 200;

export interface StrikerOptions {
  readonly world: Pick<World, 'servers' | 'wires' | 'pool'>;
  readonly deeds: Deeds;
  readonly report: (line: string) => void;
}

/** Carries a schedule out. What takes the whole house along happens one after the other, the rest at its time. */
export class Striker {
  readonly #options: StrikerOptions;
  readonly #clock = systemClock();
  #began = 0;
  #over = false;
  #copiedAt = 0;
  #grave: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly failures: string[] = [];

  constructor(options: StrikerOptions) {
    this.#options = options;
  }

  /** From now on. */
  begin(strikes: readonly Strike[]): void {
    this.#began = this.#clock.now();
    for (const strike of strikes) {
      if (strike.kind === 'roll_back') this.#after(strike.at - strike.backMs, () => this.#copy());
      this.#after(strike.at, () => this.#strike(strike));
    }
  }

  /** Strikes no more, waits for what is under way, and leaves every wire whole and every process going. */
  async finish(): Promise<void> {
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#grave;
    await Promise.all(this.#running);
    this.#options.world.wires.heal();
    this.#options.world.pool.goOn();
  }

  #after(ms: number, work: () => Promise<void> | void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        const running = Promise.resolve()
          .then(work)
          .catch((error: unknown) => void this.failures.push((error as Error).message));
        this.#running.add(running);
        void running.finally(() => this.#running.delete(running));
      },
      Math.max(0, ms),
    );
    this.#timers.add(timer);
  }

  /** A copy is not made while Redis is away. */
  #copy(): Promise<void> {
    return this.#inTurn(async () => {
      this.#copiedAt = this.#clock.now();
      await this.#options.world.servers.copyRedis();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#grave.then(work);
    this.#grave = done.catch(() => undefined);
    return done;
  }

  #say(line: string): void {
    this.#options.report(`${((this.#clock.now() - this.#began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  }

  async #strike(blow: Blow): Promise<void> {
    switch (blow.kind) {
      case 'kill':
      case 'restart':
      case 'pause':
        return this.#until(() => this.#hit(blow));
      case 'cut':
      case 'delay':
      case 'stall':
        return this.#wire(blow);
      case 'scale':
        this.#options.deeds.scaled.push(blow.workers);
        this.#say(`scaling to ${blow.workers} workers`);
        return this.#options.world.pool.scale(blow.workers);
      default:
        return this.#inTurn(() => this.#house(blow));
    }
  }

  /** Tries until it hits. */
  async #until(hit: () => boolean): Promise<void> {
    while (!hit()) {
      if (this.#over) {
        this.#options.deeds.missed++;
        return;
      }
      await this.#clock.sleep(TRY_AGAIN_MS);
    }
  }

  /** False where nobody lives. */
  #hit(blow: Extract<Blow, { role: Role }>): boolean {
    const { world, deeds } = this.#options;
    const { role, which } = blow;
    if (blow.kind === 'pause') {
      const paused = world.pool.pause(role, which);
      if (paused === null) return false;
      this.#count(deeds.pauses, role, `SIGSTOP to ${role} (${paused.pid}) for ${blow.forMs} ms`);
      this.#after(blow.forMs, () => paused.goOn());
      return true;
    }
    const pid = blow.kind === 'kill' ? world.pool.kill(role, which) : world.pool.restart(role, which);
    if (pid === null) return false;
    if (blow.kind === 'kill') this.#count(deeds.kills, role, `SIGKILL to ${role} (${pid})`);
    else this.#count(deeds.restarts, role, `SIGTERM to ${role} (${pid})`);
    return true;
  }

  /** False where nobody is connected. */
  #cut(wire: TcpProxy, share: number): boolean {
    const { deeds } = this.#options;
    const connections = wire.cut(share);
    if (connections === 0) return false;
    deeds.cuts++;
    deeds.connectionsCut += connections;
    this.#say(`cut ${connections} connections, ${wire.name}`);
    return true;
  }

  #count<Name extends string>(counts: Record<Name, number>, name: Name, line: string): void {
    counts[name]++;
    this.#say(line);
  }

  async #wire(blow: Blow & { kind: 'cut' | 'delay' | 'stall' }): Promise<void> {
    const { world, deeds } = this.#options;
    const wire = world.wires.of(blow.lane, blow.server);
    if (blow.kind === 'cut') return this.#until(() => this.#cut(wire, blow.share));
    if (blow.kind === 'delay') {
      deeds.delays++;
      this.#say(`${wire.name} takes ${blow.byMs} ms longer for ${blow.forMs} ms`);
      wire.bend({ delayMs: blow.byMs });
      await this.#clock.sleep(blow.forMs);
      return wire.bend({ delayMs: 0 });
    }
    deeds.stalls++;
    this.#say(`${wire.name} stalls for ${blow.forMs} ms`);
    wire.bend({ stalled: true });
    await this.#clock.sleep(blow.forMs);
    return wire.bend({ stalled: false });
  }

  async #wipeWithoutKafka({ forMs, restart }: Extract<Blow, { kind: 'wipe_without_kafka' }>): Promise<void> {
    const { world, deeds } = this.#options;
    const { servers } = world;
    this.#say(`kafka is killed, away for ${forMs} ms; meanwhile FLUSHALL${restart ? ', and Redis is killed' : ''}`);
    await servers.all.kafka.kill();
    await this.#clock.sleep(forMs * 0.6);
    await servers.wipeRedis(restart);
    world.wires.aim(servers);
    this.#say('Redis has forgotten everything');
    await this.#clock.sleep(forMs * 0.4);
    await servers.all.kafka.restart();
    deeds.serverRestarts.kafka.killed++;
    deeds.wipes++;
    deeds.wipesWithoutKafka++;
    this.#say('kafka is back');
  }

  async #house(blow: Blow): Promise<void> {
    const { world, deeds } = this.#options;
    const { servers, wires, pool } = world;
    if (blow.kind === 'server') {
      const { server, how, forMs } = blow;
      this.#say(`${server} is ${how}, away for ${forMs} ms`);
      await (how === 'killed' ? servers.all[server].kill() : servers.all[server].stop());
      await this.#clock.sleep(forMs);
      await servers.all[server].restart();
      deeds.serverRestarts[server][how]++;
      this.#say(`${server} is back`);
    } else if (blow.kind === 'wipe') {
      this.#say(`FLUSHALL${blow.restart ? ', and Redis is killed' : ''}`);
      await servers.wipeRedis(blow.restart);
      deeds.wipes++;
    } else if (blow.kind === 'wipe_without_kafka') {
      await this.#wipeWithoutKafka(blow);
    } else if (blow.kind === 'roll_back') {
      this.#say(`Redis is killed and comes back as it was ${this.#clock.now() - this.#copiedAt} ms ago`);
      await servers.rollBackRedis();
      deeds.rollBacks++;
    } else if (blow.kind === 'workers_away') {
      this.#say(`no workers for ${blow.forMs} ms`);
      await pool.workersAway(blow.forMs);
      deeds.workersAway++;
    }
    wires.aim(servers);
  }
}
