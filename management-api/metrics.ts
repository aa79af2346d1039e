import { Counter, Gauge, Registry } from 'prom-client';

/** The instruments of one management process, in a registry of its own. */
export function createManagementMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    relayed: new Counter({
      name: 'breakwater_changes_relayed_total',
      help: 'Catalog changes taken from the outbox to the log',
      registers,
    }),
    passedOver: new Counter({
      name: 'breakwater_changes_passed_over_total',
      help: 'Catalog changes larger than the log takes: deciders have them with their next reading of the catalog',
      registers,
    }),
    relayFailures: new Counter({
      name: 'breakwater_relay_failures_total',
      help: 'Rounds of the relay that failed; what waited goes on waiting',
      labelNames: ['code'],
      registers,
    }),
    relayedAt: new Gauge({
      name: 'breakwater_relay_round_timestamp_seconds',
      help: 'When the outbox was last emptied, in seconds of the epoch',
      registers,
    }),
  };
}

export type ManagementMetrics = ReturnType<typeof createManagementMetrics>;
