import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KAFKA_VERSION } from '../compose/native/kafka-jars.ts';
import { cacheFolder } from '../engines/config.ts';

/** A real server that some tests need: files named `*.<name>.test.ts` are left out where it cannot be had. */
export interface ServerHere {
  readonly name: 'kafka' | 'redis';
  /** What was found; null: nothing. */
  readonly found: string | null;
  /** The one command that brings it. */
  readonly remedy: string;
}

const JAVA_MIN = 17;
const APT_MS_MAX = 300_000;

/** Looks for Kafka's needs and Redis; as root on Debian it installs a missing Redis, and says so. */
export function serversHere(say: (line: string) => void): readonly ServerHere[] {
  return [kafkaHere(), redisHere(say)];
}

function kafkaHere(): ServerHere {
  const remedy = 'apt-get install -y openjdk-17-jre-headless maven';
  const java = /version "(\d+)[^"]*"/.exec(spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '');
  const jars = existsSync(join(cacheFolder(), `kafka-${KAFKA_VERSION}`));
  const maven = spawnSync('mvn', ['-v'], { encoding: 'utf8' }).status === 0;
  const can = Number(java?.[1] ?? 0) >= JAVA_MIN && (jars || maven);
  return { name: 'kafka', found: can ? `${KAFKA_VERSION} from Maven's jars, Java ${java?.[1]}` : null, remedy };
}

function redisHere(say: (line: string) => void): ServerHere {
  const remedy = 'apt-get install -y redis-server';
  const found = redisVersion();
  if (found !== null || process.getuid?.() !== 0) return { name: 'redis', found, remedy };
  say(`installing Redis for the tests: ${remedy}`);
  const options = { timeout: APT_MS_MAX, stdio: 'ignore' } as const;
  spawnSync('apt-get', ['update'], options);
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], options);
  // The package starts a service of its own, which nobody asked for.
  spawnSync('service', ['redis-server', 'stop'], options);
  return { name: 'redis', found: redisVersion(), remedy };
}

function redisVersion(): string | null {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(stdout ?? '')?.[1] ?? null;
}
