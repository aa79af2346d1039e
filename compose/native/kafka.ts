import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '../../engines/errors.ts';
import { javaVersion, KAFKA_VERSION, kafkaJars } from './kafka-jars.ts';
import type { NativeServer, NativeServerOptions } from './native-server.ts';
import { endServer, livingPid, loopbackPort, startServer } from './server-process.ts';

const START_MS_MAX = 120_000;

export interface KafkaOptions extends NativeServerOptions {
  /**
   * Ports of 127.0.0.1 where clients reach the broker through something else, such as a proxy. For each it listens once
   * more, and tells those who come in there to stay there.
   */
  readonly advertised?: readonly number[];
}

export interface KafkaServer extends NativeServer {
  /** Where what stands at the advertised ports is to lead, in their order. */
  readonly doors: readonly number[];
}

/**
 * A single Kafka broker in KRaft mode on 127.0.0.1, kept in a folder of its own. A broker that already runs there is
 * shared. It outlives this process. EngineError `misconfigured` where Java or Maven is missing, with what to do.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const path = resolve(options.path);
  const say = options.onProgress ?? (() => undefined);
  await mkdir(join(path, 'data'), { recursive: true });
  const known = await keptPorts(path);
  const advertised = options.advertised ?? [];
  let ports: Ports = known ?? { broker: 0, controller: 0, doors: [] };
  let jars: string | null = null;

  const start = async (): Promise<void> => {
    if (livingPid(path) !== null) return;
    if (jars === null) {
      say(`Kafka ${KAFKA_VERSION} on Java ${await javaVersion()}`);
      jars = await kafkaJars(options.cacheDir, say);
    }
    const broker = await loopbackPort(options.port, ports.broker);
    if (options.port && broker !== options.port) throw taken(options.port);
    const doors: number[] = [];
    for (const at of advertised.keys()) doors.push(await loopbackPort(ports.doors?.[at]));
    ports = { broker, controller: await loopbackPort(ports.controller), doors };
    await writeFile(join(path, 'ports.json'), JSON.stringify(ports));
    const settings = join(path, 'server.properties');
    await writeFile(settings, properties(path, ports, advertised));
    await format(path, jars, settings);
    // What the second compiler would gain over hours, a small machine loses in each start: it takes 2.5 times the CPU.
    const memory = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    await startServer({
      name: 'kafka',
      path,
      program: 'java',
      args: [...memory, '-cp', `${jars}/*`, 'kafka.Kafka', settings],
      startMsMax: START_MS_MAX,
      ready: (logged) => logged.includes('Kafka Server started'),
    });
  };

  await start();
  return {
    name: 'kafka',
    version: KAFKA_VERSION,
    get url() {
      return `kafka://127.0.0.1:${ports.broker}`;
    },
    get doors() {
      return ports.doors ?? [];
    },
    get pid() {
      return livingPid(path);
    },
    stop: () => endServer(path, 'SIGTERM'),
    kill: () => endServer(path, 'SIGKILL'),
    async restart() {
      await endServer(path, 'SIGTERM');
      await start();
    },
  };
}

/** Gives the data folder its identity, once. A half-made one is made again. */
async function format(path: string, jars: string, settings: string): Promise<void> {
  if (existsSync(join(path, 'formatted'))) return;
  const id = `K${randomBytes(16).toString('base64url').slice(1)}`;
  const words = ['-cp', `${jars}/*`, 'kafka.tools.StorageTool', 'format', '--ignore-formatted'];
  await promisify(execFile)('java', [...words, '-t', id, '-c', settings]).catch((cause: unknown) => {
    throw new EngineError('unavailable', `Kafka cannot format ${path}: ${String(cause)}`, cause);
  });
  await writeFile(join(path, 'formatted'), id);
}

interface Ports {
  readonly broker: number;
  readonly controller: number;
  /** Absent in folders of before there were any. */
  readonly doors?: readonly number[];
}

async function keptPorts(path: string): Promise<Ports | null> {
  const text = await readFile(join(path, 'ports.json'), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Ports);
}

function taken(port: number): EngineError {
  return new EngineError('misconfigured', `port ${port} is in use: Kafka cannot listen on it`);
}

/**
 * One node that is broker and controller; nothing is replicated, and topics are made by whoever needs them. A killed
 * broker may register again once its former session is over: 3 s here, where the default would make a restart take 9 s.
 */
function properties(path: string, { broker, controller, doors = [] }: Ports, advertised: readonly number[]): string {
  const listening = doors.map((port, at) => `,DOOR${at}://127.0.0.1:${port}`).join('');
  const told = advertised.map((port, at) => `,DOOR${at}://127.0.0.1:${port}`).join('');
  const plain = doors.map((_, at) => `,DOOR${at}:PLAINTEXT`).join('');
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}${listening}
advertised.listeners=PLAINTEXT://127.0.0.1:${broker}${told}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${plain}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(path, 'data')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=4
`;
}
