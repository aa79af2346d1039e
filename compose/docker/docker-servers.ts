import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { EngineError } from '../../engines/errors.ts';
import { KAFKA_VERSION } from '../native/kafka-jars.ts';
import { loopbackPort } from '../native/server-process.ts';

/** A real server in a container that ends with this process. */
export interface DockerServer {
  readonly name: ServerName;
  readonly version: string;
  readonly url: string;
  readonly image: string;
  stop(): Promise<void>;
}

export type ServerName = 'postgresql' | 'clickhouse' | 'redis' | 'kafka';

const ASK_MS_MAX = 3_000;
const START_MS_MAX = 300_000;

const images: Readonly<Record<ServerName, { readonly image: string; readonly version: string }>> = {
  kafka: { image: `apache/kafka:${KAFKA_VERSION}`, version: KAFKA_VERSION },
  redis: { image: 'redis:7.4', version: '7.4' },
  postgresql: { image: 'postgres:18', version: '18' },
  clickhouse: { image: 'clickhouse/clickhouse-server:26.3', version: '26.3' },
};

/** The version of the Docker engine that answers within 3 s; null: none. */
export async function dockerEngine(): Promise<string | null> {
  const asked = promisify(execFile)('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: ASK_MS_MAX });
  return asked.then(({ stdout }) => stdout.trim() || null).catch(() => null);
}

interface Container {
  readonly port: number;
  readonly environment: Record<string, string>;
  /** What it writes when it can be asked; null: it answers GET /ping. */
  readonly logs: RegExp | null;
  url(host: string, port: number): string;
}

/**
 * Starts these servers in containers through testcontainers, whose reaper removes them when this process is gone.
 * EngineError `unavailable` where one does not come up; those that did are then stopped.
 */
export async function startDockerServers(
  names: readonly ServerName[],
  onProgress: (line: string) => void,
): Promise<readonly DockerServer[]> {
  const starting = names.map((name) => start(name, onProgress));
  const started = await Promise.allSettled(starting);
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw new EngineError('unavailable', `containers: ${String(failed.reason)}`, failed.reason);
}

async function start(name: ServerName, onProgress: (line: string) => void): Promise<DockerServer> {
  // Loaded only where Docker answers.
  const { GenericContainer, Wait } = await import('testcontainers');
  const { image, version } = images[name];
  // A port that is known before the start: a broker tells it to its clients.
  const host = await loopbackPort();
  const { port, environment, logs, url } = containerOf(name, host);
  onProgress(`${name}: container ${image}`);
  const running = await new GenericContainer(image)
    .withEnvironment(environment)
    .withExposedPorts({ container: port, host })
    .withWaitStrategy(logs === null ? Wait.forHttp('/ping', port) : Wait.forLogMessage(logs))
    .withStartupTimeout(START_MS_MAX)
    .start();
  return {
    name,
    version,
    image,
    url: url(running.getHost(), running.getMappedPort(port)),
    stop: async () => void (await running.stop()),
  };
}

function containerOf(name: ServerName, hostPort: number): Container {
  const password = randomBytes(18).toString('base64url');
  switch (name) {
    case 'kafka':
      return {
        port: 9092,
        environment: kafkaEnvironment(hostPort),
        logs: /Kafka Server started/,
        url: (host, port) => `kafka://${host}:${port}`,
      };
    case 'redis':
      return {
        port: 6379,
        environment: {},
        logs: /Ready to accept connections/,
        url: (host, port) => `redis://${host}:${port}`,
      };
    case 'postgresql':
      return {
        port: 5432,
        environment: { POSTGRES_USER: 'breakwater', POSTGRES_PASSWORD: password, POSTGRES_DB: 'breakwater' },
        // The first server only fills the folder and listens on no address.
        logs: /listening on IPv4 address/,
        url: (host, port) => `postgres://breakwater:${password}@${host}:${port}/breakwater`,
      };
    case 'clickhouse':
      return {
        port: 8123,
        environment: { CLICKHOUSE_USER: 'breakwater', CLICKHOUSE_PASSWORD: password },
        logs: null,
        url: (host, port) => `http://breakwater:${password}@${host}:${port}`,
      };
  }
}

function kafkaEnvironment(hostPort: number): Record<string, string> {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093',
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${hostPort}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  };
}
