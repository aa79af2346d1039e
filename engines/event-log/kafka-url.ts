import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { EngineError } from '../errors.ts';

/** What an EVENT_LOG URL says. */
export interface KafkaAddress {
  readonly connection: Pick<KafkaConfig, 'brokers' | 'ssl' | 'sasl'>;
  /** Copies of each partition; -1: the cluster's default. */
  readonly replication: number;
  /** Copies that must have a record before it is acknowledged; null: the cluster's default. */
  readonly minInSync: number | null;
  /** In front of the names of topics and groups, for clusters that are shared. */
  readonly prefix: string;
  readonly sessionMs: number | null;
}

const FORM = 'kafka://host:9092,host2:9092 or kafka+ssl://user:password@host:9092?sasl=scram-sha-512';
const PARAMETERS = ['sasl', 'replication', 'min_in_sync', 'prefix', 'session_ms'];

/**
 * `kafka://[user:password@]host:port[,host:port…][?sasl=plain|scram-sha-256|scram-sha-512&replication=3&min_in_sync=2&prefix=x.&session_ms=30000]`;
 * `kafka+ssl://` speaks TLS. User and password are percent-encoded; with them `sasl` is scram-sha-512 unless it says
 * otherwise. Anything else: EngineError `misconfigured`, which repeats nothing of it: what stands where hosts or parameters are
 * expected may be the rest of a password that is not encoded.
 */
export function parseKafkaUrl(url: string): KafkaAddress {
  const match = /^kafka(\+ssl)?:\/\/(?:([^:@/?]*):([^@/?]*)@)?([^@/?]+)\/?(?:\?([^@]*))?$/.exec(url);
  if (!match) throw wrong('it has another form, or a password that is not percent-encoded');
  const [, tls, user, password, hosts = '', query = ''] = match;
  const brokers = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:9092`));
  if (brokers.some((broker) => !/^(\[[\da-f:]+\]|[\w.-]+):\d{1,5}$/i.test(broker)))
    throw wrong('a host or its port is none');
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => !PARAMETERS.includes(name)))
    throw wrong(`the parameters are ${PARAMETERS.join(', ')}`);
  const prefix = parameters.get('prefix') ?? '';
  if (!/^[\w.-]{0,64}$/.test(prefix)) throw wrong('prefix takes letters, digits, dots, dashes and underscores');
  const sasl = credentials(user, password, parameters.get('sasl'));
  return {
    connection: { brokers, ssl: tls !== undefined, ...(sasl ? { sasl } : {}) },
    replication: whole(parameters, 'replication', 1, 15) ?? -1,
    minInSync: whole(parameters, 'min_in_sync', 1, 15),
    sessionMs: whole(parameters, 'session_ms', 6_000, 300_000),
    prefix,
  };
}

function credentials(user?: string, password?: string, mechanism?: string | null): SASLOptions | null {
  if (user === undefined || password === undefined) {
    if (mechanism) throw wrong('sasl needs user:password@');
    return null;
  }
  const known = { username: decoded(user), password: decoded(password) };
  switch (mechanism ?? 'scram-sha-512') {
    case 'plain':
      return { mechanism: 'plain', ...known };
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', ...known };
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', ...known };
    default:
      throw wrong('sasl is plain, scram-sha-256 or scram-sha-512');
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('user and password are not percent-encoded');
  }
}

function whole(parameters: URLSearchParams, name: string, min: number, max: number): number | null {
  const text = parameters.get(name);
  if (text === null) return null;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw wrong(`${name} is a whole number from ${min} to ${max}`);
  return value;
}

function wrong(why: string): EngineError {
  return new EngineError('misconfigured', `EVENT_LOG: ${why}; expected ${FORM}`);
}
