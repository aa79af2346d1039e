import { Cluster, Redis } from 'ioredis';
import { EngineError } from '../errors.ts';
import type { Random } from '../random.ts';
import { redisError } from './redis-errors.ts';
import type { RedisScript } from './redis-scripts.ts';
import { parseRedisUrl } from './redis-url.ts';

/** Bounds in ms. */
const COMMAND_MS = 1_000;
const CONNECT_MS = 2_000;
/** A server that reads its files first keeps a connection waiting for as long as that takes. */
const FIRST_CONNECTION_MS = 5_000;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MOST_MS = 1_000;

type Answer = Buffer | number | null;

/** Every client has these; their types leave them out. */
type Scripts = Record<
  'evalshaBuffer' | 'evalBuffer',
  (script: string, keys: number, ...args: readonly (string | Buffer)[]) => Promise<Answer[]>
>;

/** One connection to a server, or one to each node of a cluster. */
export interface RedisConnection {
  /** Runs a script on keys of one slot. Rejects with EngineError within about a second. */
  run(script: RedisScript, keys: readonly string[], values: readonly (string | Buffer)[]): Promise<readonly Answer[]>;
  unlink(key: string): Promise<void>;
  /** Runs a script without keys on each master; what each answers, in no order. */
  onMasters(script: RedisScript): Promise<readonly (readonly Answer[])[]>;
  readonly cluster: boolean;
  close(): Promise<void>;
}

/** Who hears of what goes wrong while nobody asks. */
export interface RedisListeners {
  /** Hears of lost connections. */
  readonly onError: (error: unknown) => void;
  /**
   * Hears why there is no connection yet, where there is none at once: it is given all the same, and stands once the server
   * answers; and later of one that answers and refuses us, once for each of its words. Null: then there is none.
   */
  readonly onAway: ((error: EngineError) => void) | null;
}

/**
 * Connects, for at most five seconds. Nothing waits in a queue while the server is away and nothing is sent again by itself,
 * so what was answered with an error happens either at once or never. Reconnects with jitter, for ever.
 * Rejects with EngineError: `misconfigured`, or without `onAway` also `unavailable` and `timeout`.
 */
export async function connectRedis(
  url: string,
  random: Random,
  { onError, onAway }: RedisListeners,
): Promise<RedisConnection> {
  const place = parseRedisUrl(url);
  const pause = (times: number) =>
    Math.ceil(Math.min(RECONNECT_MOST_MS, RECONNECT_FIRST_MS * 2 ** Math.min(times, 10)) * (0.5 + random.unit() / 2));
  const options = {
    ...(place.username ? { username: place.username } : {}),
    ...(place.password === null ? {} : { password: place.password }),
    ...(place.tls ? { tls: {} } : {}),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A server that became a replica answers READONLY: the name may lead to another one by now.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  const [first] = place.nodes;
  const client = place.cluster
    ? new Cluster(
        place.nodes.map((node) => ({ ...node })),
        {
          redisOptions: options,
          lazyConnect: true,
          enableOfflineQueue: false,
          clusterRetryStrategy: pause,
          slotsRefreshTimeout: COMMAND_MS,
          slotsRefreshInterval: 5_000,
          maxRedirections: 8,
          retryDelayOnFailover: 50,
          retryDelayOnClusterDown: 50,
          retryDelayOnTryAgain: 20,
          retryDelayOnMoved: 0,
          scaleReads: 'master',
        },
      )
    : new Redis({ ...options, ...first, db: place.db, retryStrategy: pause });
  client.on('error', onError);
  const refused = await firstRefusal(client);
  if (refused !== null) {
    if (onAway === null || !refused.retryable) {
      client.disconnect();
      throw refused;
    }
    onAway(refused);
    client.on('error', refusals(onAway));
  }
  return wrap(client, { closed: false });
}

/** A server that was away and comes back with another password says so at each try to connect. */
function refusals(tell: (error: EngineError) => void): (error: unknown) => void {
  let last = '';
  return (error) => {
    const refusal = redisError(error, false);
    if (refusal.retryable || refusal.message === last) return;
    last = refusal.message;
    tell(refusal);
  };
}

/** Null: the connection stands. Else why it does not yet. */
async function firstRefusal(client: Redis | Cluster): Promise<EngineError | null> {
  // `connect` only says that the connection was closed; why, it tells as an event.
  let told: unknown = null;
  const listen = (error: unknown) => {
    told ??= error;
  };
  client.on('error', listen);
  const late = Promise.withResolvers<EngineError>();
  const timer = setTimeout(
    () => late.resolve(new EngineError('timeout', 'redis: no connection yet', told ?? undefined)),
    FIRST_CONNECTION_MS,
  );
  try {
    return await Promise.race([client.connect().then(() => null), late.promise]);
  } catch (error) {
    return redisError(ofNode(told ?? error), false);
  } finally {
    clearTimeout(timer);
    client.off('error', listen);
  }
}

/** Of a cluster the client only says that no node would do; what the last of them said comes with it. */
function ofNode(error: unknown): unknown {
  const isOfCluster = error instanceof Error && 'lastNodeError' in error && error.lastNodeError instanceof Error;
  return isOfCluster ? error.lastNodeError : error;
}

function wrap(client: Redis | Cluster, state: { closed: boolean }): RedisConnection {
  const masters = () => {
    if (!(client instanceof Cluster)) return [client];
    const nodes = client.nodes('master');
    // Before the first connection it knows of none, which is not the same as that there are none.
    if (nodes.length === 0) throw new EngineError('unavailable', 'redis: no master of the cluster is known');
    return nodes;
  };
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      if (state.closed) throw new Error('closed');
      return await call();
    } catch (error) {
      throw redisError(error, state.closed);
    }
  };
  const together = client instanceof Cluster ? () => undefined : writingTogether(client);
  return {
    cluster: client instanceof Cluster,
    run: (script, keys, values) =>
      guarded(async () => {
        together();
        return await runOn(client, script, keys.length, [...keys, ...values]);
      }),
    unlink: (key) => guarded(async () => void (await client.unlink(key))),
    onMasters: (script) => guarded(async () => Promise.all(masters().map((node) => runOn(node, script, 0, [])))),
    async close() {
      state.closed = true;
      client.disconnect();
    },
  };
}

/** What is sent in one turn of the event loop goes out in one write: a write each costs more than all else about a command. */
function writingTogether(client: Redis): () => void {
  let held: Redis['stream'] | null = null;
  return () => {
    const { stream } = client;
    if (held !== null || !stream) return;
    held = stream;
    stream.cork();
    setImmediate(() => {
      held = null;
      stream.uncork();
    });
  };
}

async function runOn(
  client: Redis | Cluster,
  { text, digest }: RedisScript,
  keys: number,
  args: readonly (string | Buffer)[],
): Promise<Answer[]> {
  const scripts = client as unknown as Scripts;
  try {
    return await scripts.evalshaBuffer(digest, keys, ...args);
  } catch (error) {
    // A server that was restarted knows no scripts; sending the text teaches it.
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await scripts.evalBuffer(text, keys, ...args);
  }
}
