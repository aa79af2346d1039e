import { type Role, type ServerName, servers } from './schedule.ts';

/** What was done to the house: counted when it has happened, not when it was planned. */
export class Deeds {
  /** SIGKILLs that hit a living process of ours. */
  readonly kills: Record<Role, number> = { workers: 0, 'decision-api': 0, management: 0 };
  readonly pauses: Record<Role, number> = { workers: 0, 'decision-api': 0, management: 0 };
  /** SIGTERMs; the supervisor starts the process again. */
  readonly restarts: Record<Role, number> = { workers: 0, 'decision-api': 0, management: 0 };
  /** Servers that ended and came up again. */
  readonly serverRestarts: Record<ServerName, { killed: number; stopped: number }>;
  wipes = 0;
  /** Of those, while Kafka was away and decisions waited in journals. */
  wipesWithoutKafka = 0;
  rollBacks = 0;
  /** Times that a wire was cut, and the connections that this reset. */
  cuts = 0;
  connectionsCut = 0;
  delays = 0;
  stalls = 0;
  workersAway = 0;
  /** How many workers there were, in this order. */
  readonly scaled: number[] = [];
  /** Blows that found nothing to hit before the viewers went. */
  missed = 0;

  constructor() {
    const none = () => ({ killed: 0, stopped: 0 });
    this.serverRestarts = Object.fromEntries(servers.map((name) => [name, none()])) as typeof this.serverRestarts;
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
