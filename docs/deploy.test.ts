import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { environmentWith, readServingConfig } from '../engines/config.ts';
import { isWorkerName, type WorkerName, type WorkerNeeds, workers } from '../stream-workers/workers.ts';

const here = fileURLToPath(new URL('../compose/', import.meta.url));
const read = (path: string) => readFileSync(join(here, path), 'utf8');

/** What compose asks for and has no default. */
const secrets = {
  PEPPER: 'p'.repeat(64),
  TOKEN_KEYS: `k1:${'s'.repeat(64)}`,
  REDIS_PASSWORD: 'redis',
  CLICKHOUSE_PASSWORD: 'clickhouse',
  POSTGRES_PASSWORD: 'postgres',
  GRAFANA_PASSWORD: 'grafana',
};

/** Variables that are not ours. */
const foreign = new Set(['NODE_OPTIONS']);

/** The names that engines/config.ts reads. */
function knownSettings(): ReadonlySet<string> {
  const source =
    read('../engines/config.ts') + read('../engines/management-settings.ts') + read('../engines/serving-settings.ts');
  return new Set([...source.matchAll(/'([A-Z][A-Z_]{3,})'/g)].map(([, name]) => name ?? ''));
}

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly healthcheck?: object;
}

const compose = parse(read('compose.yaml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const ours = Object.entries(compose.services).filter(([, { profiles }]) => profiles?.includes('breakwater'));

function fill(text: string): string {
  return text.replace(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name: string, other = '') => {
    return (secrets as Record<string, string>)[name] ?? other;
  });
}

function isCommand(words: readonly string[]): boolean {
  const [first, ...rest] = words;
  if (first === 'worker') return rest.length > 0 && rest.every(isWorkerName);
  return ['migrate', 'serve decision', 'serve management'].includes(words.join(' '));
}

test('the settings that compose gives are known, and the configuration takes them', () => {
  expect(ours.map(([name]) => name)).toEqual(['migrate', 'decision', 'management', 'workers', 'warehouse-workers']);
  const known = knownSettings();
  expect(known.size).toBeGreaterThan(20);
  for (const [name, { environment = {}, command = [] }] of ours) {
    const unknown = Object.keys(environment).filter((key) => !known.has(key) && !foreign.has(key));
    expect(unknown, name).toEqual([]);
    expect(isCommand(command), `${name}: ${command.join(' ')}`).toBe(true);
    const settings = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, fill(String(value))]));
    const config = readServingConfig(settings);
    expect(config.replication).toBe(3);
    expect(config.pepper).toBe(secrets.PEPPER);
  }
});

test('every server is pinned to a version, has a health check where it keeps data, and keeps it in a volume', () => {
  for (const [name, { image }] of Object.entries(compose.services))
    expect(image, name).toMatch(/^breakwater:|:v?\d+\.\d+[\w.-]*$/);
  for (const name of ['kafka-1', 'kafka-2', 'kafka-3', 'redis', 'clickhouse', 'postgres']) {
    expect(compose.services[name]?.healthcheck, name).toBeDefined();
    expect(Object.keys(compose.volumes)).toContain(name);
  }
  const redis = compose.services.redis?.command?.join(' ') ?? '';
  expect(redis).toContain('--maxmemory-policy noeviction');
  expect(redis).toContain('--appendonly yes');
});

test('the example names every secret that compose demands', () => {
  const demanded = [...read('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name ?? '');
  const example = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name ?? '');
  expect(new Set(demanded)).toEqual(new Set(Object.keys(secrets)));
  expect(example).toEqual(expect.arrayContaining(Object.keys(secrets)));
});

test('docker compose accepts every profile, and refuses to begin without secrets', () => {
  const client = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
  if (client.status !== 0) {
    process.stdout.write('docker compose: not here, so `docker compose config` is NOT RUN (the file was parsed)\n');
    return;
  }
  const config = (settings: Record<string, string>) =>
    spawnSync(
      'docker',
      ['compose', '-f', 'compose.yaml', '--profile', 'monitoring', '--profile', 'breakwater', 'config', '--quiet'],
      { cwd: here, encoding: 'utf8', env: environmentWith(settings) },
    );
  expect(config(secrets)).toMatchObject({ status: 0, stderr: '' });
  expect(config({ ...secrets, PEPPER: '' }).status).not.toBe(0);
}, 60_000);

/** The rooms of all files that a file imports when it runs, and those import, and so on. */
function roomsFrom(entry: string): ReadonlySet<string> {
  const waiting = [entry];
  for (const file of waiting) {
    const source = read(`../${file}`);
    const found = source.matchAll(/^(?:import|export)(?! type)[^;']*from '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm);
    for (const [, fixed, lazy = ''] of found) {
      const next = posix.join(posix.dirname(file), fixed ?? lazy);
      if (!waiting.includes(next)) waiting.push(next);
    }
  }
  return new Set(waiting.map((file) => file.split('/', 1)[0] ?? ''));
}

test('the image holds every room that a process imports, runs as nobody special and answers its health check', () => {
  const lines = read('Dockerfile').split('\n');
  const copied = lines.flatMap((line) => /^COPY (?:--from=\S+ )?(\S+) \.\//.exec(line)?.[1] ?? []);
  const rooms = roomsFrom('cli/main.ts');
  expect(rooms.size).toBeGreaterThan(6);
  // The last two are read, not imported.
  for (const room of [...rooms, 'clickhouse', 'migrations']) expect(copied).toContain(room);
  expect(lines).toContain('USER node');
  expect(lines.some((line) => line.includes('/health/live'))).toBe(true);
  const ignored = read('../.dockerignore').split('\n');
  expect(copied.filter((room) => ignored.includes(room))).toEqual([]);
});

interface Container {
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly [probe: string]: unknown;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: object };
    readonly scaleTargetRef?: { readonly name: string };
    readonly maxReplicaCount?: number;
    readonly triggers?: readonly { readonly metadata: Readonly<Record<string, string>> }[];
    readonly template?: { readonly metadata: { labels: object }; readonly spec: { containers: Container[] } };
  };
}

const manifests = readdirSync(join(here, 'kubernetes'))
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) => parseAllDocuments(read(`kubernetes/${name}`)).map((one) => one.toJS() as Manifest));
const workloads = manifests.filter(({ spec }) => spec?.template !== undefined);
const named = (kind: string, name: string) => manifests.find((one) => one.kind === kind && one.metadata.name === name);

test('the settings of kubernetes/ are known, and the configuration takes them', () => {
  const settings = {
    ...named('ConfigMap', 'breakwater')?.data,
    ...named('Secret', 'breakwater')?.stringData,
  } as Record<string, string>;
  const known = knownSettings();
  expect(Object.keys(settings).filter((name) => !known.has(name))).toEqual([]);
  const config = readServingConfig(settings);
  expect([config.port, config.workerPort, config.managementPort]).toEqual([8080, 8080, 8080]);
  for (const { spec } of workloads)
    for (const { env = [] } of spec?.template?.spec.containers ?? [])
      expect(env.filter(({ name }) => !known.has(name) && !foreign.has(name))).toEqual([]);
});

test('workloads run commands that exist, and their probes ask for paths and ports that are there', () => {
  expect(workloads).toHaveLength(5);
  let probes = 0;
  for (const { kind, metadata, spec } of workloads) {
    if (kind !== 'Job') expect(spec?.template?.metadata.labels, metadata.name).toEqual(spec?.selector?.matchLabels);
    for (const container of spec?.template?.spec.containers ?? []) {
      expect(isCommand(container.args), `${metadata.name}: ${container.args.join(' ')}`).toBe(true);
      for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const probe = container[name] as { httpGet: { path: string; port: string } } | undefined;
        if (kind === 'Job') continue;
        probes++;
        expect(['/health/live', '/health/ready']).toContain(probe?.httpGet.path);
        expect(container.ports).toContainEqual({ name: probe?.httpGet.port, containerPort: 8080 });
      }
    }
  }
  expect(probes).toBe(12);
});

test('what scales names a workload that exists, by the groups and topics it reads', () => {
  const scalers = manifests.filter(({ spec }) => spec?.scaleTargetRef !== undefined);
  expect(scalers.map(({ kind }) => kind).toSorted()).toEqual([
    'HorizontalPodAutoscaler',
    'ScaledObject',
    'ScaledObject',
  ]);
  const partitions = Number(named('ConfigMap', 'breakwater')?.data?.PARTITIONS);
  for (const { kind, spec } of scalers) {
    const target = workloads.find(({ metadata }) => metadata.name === spec?.scaleTargetRef?.name);
    const args = target?.spec?.template?.spec.containers[0]?.args ?? [];
    expect(args.length).toBeGreaterThan(0);
    if (kind !== 'ScaledObject') continue;
    expect(spec?.maxReplicaCount).toBeLessThanOrEqual(partitions);
    const watched = spec?.triggers?.map(({ metadata }) => metadata.consumerGroup);
    expect(new Set(watched)).toEqual(new Set(args.slice(1)));
    for (const { metadata } of spec?.triggers ?? []) {
      const worker = workers[metadata.consumerGroup as WorkerName]({} as WorkerNeeds);
      expect(args).toContain(worker.name);
      expect(worker.reads).toContain(metadata.topic);
      expect(Number(metadata.lagThreshold)).toBeGreaterThan(0);
    }
  }
});
