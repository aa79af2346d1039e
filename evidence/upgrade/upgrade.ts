import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runJsonChild } from '../../cli/demo/json-child.ts';
import { writeRunFiles } from '../../cli/demo/run-folder.ts';
import { settle } from '../../cli/demo/settle.ts';
import { catchUp } from '../../cli/lag.ts';
import { systemClock } from '../../engines/clock.ts';
import { type Config, environmentWith, readConfig } from '../../engines/config.ts';
import { type Embedded, openCatalog, openEventLog, openStateStore, startEmbedded } from '../../engines/open.ts';
import { withSecrets } from '../../engines/secrets.ts';
import { Balancer } from './balancer.ts';
import { Member } from './member.ts';
import { previousRelease, type Release, thisRelease } from './release.ts';

const run = promisify(execFile);

/** Old and new are side by side for this long after each step. */
const MIXED_MS = 1_500;
const PATIENCE_MS = 60_000;
/** The viewers' process has started, and its last ad request is answered. */
const DECIDED_WITHIN_MS = 8_000;

export interface UpgradeOptions {
  /** Empty or new; everything stays there. */
  readonly folder: string;
  readonly forMs: number;
  readonly rate: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

interface Run extends UpgradeOptions {
  readonly config: Config;
  readonly settings: Readonly<Record<string, string>>;
  readonly servers: Embedded;
  readonly old: Release;
  readonly next: Release;
  readonly balancer: Balancer;
  readonly members: readonly Member[];
}

/**
 * A house of the previous release under load becomes one of this release, one process at a time: tables first, then
 * workers, management, decision APIs. Answers what happened, with the audit's verdicts; nothing is left running.
 */
export async function upgrade(options: UpgradeOptions): Promise<Record<string, unknown>> {
  const { folder, say } = options;
  const data = join(folder, 'run');
  await mkdir(join(data, 'logs'), { recursive: true });
  const [old, next] = [await previousRelease(join(folder, 'previous')), await thisRelease()];
  say(`from ${old.version} to ${next.version} in ${folder}`);
  await using balancer = new Balancer();
  const url = await balancer.listen();
  const settings = settingsOf(data, url);
  const config = withSecrets(readConfig(environmentWith(settings)));
  const servers = await startEmbedded(config, say);
  const environment = environmentWith({ ...settings, CATALOG: servers.catalogUrl, WAREHOUSE: servers.warehouseUrl });
  const members = membersOf(environment);
  const all: Run = { ...options, folder: data, config, settings: environment, servers, old, next, balancer, members };
  try {
    await startOld(all, url);
    const seen = await underLoad(all, url);
    const audit = await recount(all);
    return { previous: old.version, current: next.version, ...seen, ...audit };
  } finally {
    for (const member of members) member.kill();
    await servers.stop();
  }
}

function settingsOf(data: string, url: string): Record<string, string> {
  return {
    DATA_DIR: data,
    EVENT_LOG: '',
    STATE_STORE: '',
    WAREHOUSE: '',
    CATALOG: '',
    PUBLIC_URL: url,
    PORT: '0',
    MANAGEMENT_PORT: '0',
    TOKEN_LIFE: '4s',
    PLAYBACK_SPEED: '1000',
    CLICK_TOKEN_LIFE: '4s',
    LOG_CLOCK_MARGIN: '0s',
    TICK_AFTER: '1s',
    SIGNALS: 'on',
    VIRTUAL_SEED: '',
  };
}

/** In the order in which they are upgraded: who reads before who writes. */
function membersOf(environment: Readonly<Record<string, string>>): readonly Member[] {
  const member = (name: string, ...args: string[]) => new Member(name, args, environment);
  return [
    member('warehouse-1', 'worker', 'warehouse'),
    member('warehouse-2', 'worker', 'warehouse'),
    member('workers-1', 'worker', 'frequency', 'pacing', 'scoring'),
    member('workers-2', 'worker', 'frequency', 'pacing', 'scoring'),
    member('management', 'serve', 'management'),
    member('api-1', 'serve', 'decision'),
    member('api-2', 'serve', 'decision'),
  ];
}

async function startOld({ old, settings, servers, forMs, members, balancer, folder, say }: Run, url: string) {
  await breakwater(old, settings, 'migrate');
  const seed = join(old.folder, 'evidence', 'upgrade', 'seed.ts');
  await cp(fileURLToPath(new URL('seed.ts', import.meta.url)), seed);
  await run(process.execPath, [seed, servers.catalogUrl, String(systemClock().now()), String(forMs)]);
  say(`starting ${members.length} processes of ${old.version} behind ${url}`);
  for (const member of members) {
    await member.start(old, join(folder, 'logs'));
    if (member.name.startsWith('api') && member.url !== null) balancer.add(member.url, old.name);
  }
}

/** Viewers watch; a quarter of the way in, the upgrade begins. */
async function underLoad(all: Run, url: string): Promise<Record<string, unknown>> {
  const { folder, seed, forMs, rate, config, say, balancer, members, servers } = all;
  const args = ['--url', url, '--out', join(folder, 'viewers.jsonl'), '--seed', String(seed), '--for', `${forMs}ms`];
  args.push('--token-life', `${config.tokenLifeMs}ms`, '--rate', String(rate));
  // Two releases answer, which may know different dialects.
  args.push('--dialects', 'json');
  const startedAt = systemClock().now();
  const viewers = runJsonChild('simulator/main.ts', args, (line) => say(`  viewers: ${line}`));
  try {
    let watching = true;
    const watched = viewers.done.finally(() => {
      watching = false;
    });
    watched.catch(() => undefined);
    await systemClock().sleep(forMs / 8);
    const mixedMs = await upgradeAll(all);
    const upgradedAfterMs = systemClock().now() - startedAt;
    const upgradedUnderLoad = watching;
    const { code, answer } = await watched;
    if (code !== 0) throw new Error(`the viewers ended with exit code ${code}`);
    const catalog = await openCatalog(servers.catalogUrl);
    const { campaigns } = await catalog.snapshot().finally(() => catalog.close());
    writeRunFiles(folder, config, campaigns, { seed, startedAt });
    await settled(all, Math.min(systemClock().now(), startedAt + forMs + DECIDED_WITHIN_MS));
    return {
      upgraded: members.length,
      mixed_ms: mixedMs,
      upgraded_after_ms: upgradedAfterMs,
      upgraded_under_load: upgradedUnderLoad,
      calls_answered: balancer.answered,
      calls_refused: balancer.refused,
      records_applied: Object.fromEntries(members.filter(isWorker).map((member) => [member.name, member.applied])),
      viewers: answer,
    };
  } finally {
    viewers.child.kill('SIGTERM');
  }
}

/** Answers how long both releases were at work. */
async function upgradeAll({ old, next, settings, members, balancer, folder, say }: Run): Promise<number> {
  const clock = systemClock();
  say(`bringing the tables to ${next.version} while ${old.version} works on`);
  await breakwater(next, settings, 'migrate');
  await clock.sleep(MIXED_MS);
  const began = clock.now();
  for (const member of members) {
    say(`${member.name}: from ${old.version} to ${next.version}`);
    const { url } = member;
    if (url !== null) await balancer.remove(url);
    await member.stop();
    await member.start(next, join(folder, 'logs'));
    if (member.name.startsWith('api') && member.url !== null) balancer.add(member.url, next.name);
    await clock.sleep(MIXED_MS);
  }
  return clock.now() - began;
}

/** Tokens end, minutes close, everything is applied; then the processes stop, the warehouse's last. */
async function settled({ config, members, say }: Run, lastDecisionAt: number): Promise<void> {
  const clock = systemClock();
  const log = await openEventLog(config, clock);
  const store = await openStateStore(config, clock);
  try {
    const { tokenLifeMs } = config;
    const waiting = { log, store, clock, lastDecisionAt, tokenLifeMs, patienceMs: PATIENCE_MS };
    await settle({ ...waiting, step: async () => undefined, report: say });
    for (const member of members.filter((one) => !one.name.startsWith('warehouse')).reverse()) await member.stop();
    const missing = await catchUp(log, store, 'warehouse', PATIENCE_MS, clock.sleep);
    if (missing.length > 0) throw new Error(`the warehouse does not catch up: ${missing.slice(0, 3).join('; ')}`);
    for (const member of members.filter((one) => one.name.startsWith('warehouse'))) await member.stop();
  } finally {
    await log.close();
    await store.close();
  }
}

const mayBeAbsent = ['caps_refused', 'budgets_exhausted', 'conflicts_rejected', 'duplicates_sent', 'late_sent'];

async function recount({ folder, servers, say }: Run): Promise<Record<string, unknown>> {
  say('the audit recounts everything');
  const args = ['--dir', folder, '--warehouse', servers.warehouseUrl, '--json'];
  for (const name of mayBeAbsent) args.push('--allow-no', name);
  const { answer } = await runJsonChild('evidence/audit/main.ts', args, (line) => say(`  audit: ${line}`)).done;
  return answer;
}

function isWorker({ args }: Member): boolean {
  return args.includes('worker');
}

async function breakwater(release: Release, env: Readonly<Record<string, string>>, ...args: string[]): Promise<void> {
  const main = join(release.folder, 'cli', 'main.ts');
  await run(process.execPath, [main, ...args], { cwd: release.folder, env: { ...env } });
}
