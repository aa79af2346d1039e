import { systemClock } from '../../engines/clock.ts';
import { type Config, environmentWith, readConfig } from '../../engines/config.ts';
import { EngineError } from '../../engines/errors.ts';
import { openCatalog } from '../../engines/open.ts';
import { type House, NotStarted, startHouse } from '../house.ts';
import { demoCatalog } from './catalog.ts';
import { evaluate, type Verdict } from './evaluate.ts';
import type { DemoOptions } from './options.ts';
import { keepWarehouse, type RealEngines, realEngines } from './real-engines.ts';
import { openRunFolder, writeRunFiles } from './run-folder.ts';
import { Screen } from './screen.ts';
import { putExperiment, Steering } from './steering.ts';
import { printSummary } from './summary.ts';
import { traffic } from './traffic.ts';
import { listenForWebhooks, type WebhookListener } from './webhook-listener.ts';

const DAY_MS = 86_400_000;

/** `breakwater demo`. Exit code 0 only if the audit is exact. */
export async function demo(options: DemoOptions): Promise<void> {
  if (options.virtual === true && options.crash > 0) {
    throw new EngineError('misconfigured', '--crash and --virtual do not go together: a virtual run has one process');
  }
  if (options.virtual === true && (options.real === true || options.apis > 1)) {
    throw new EngineError(
      'misconfigured',
      '--virtual is one process on embedded engines: it goes with neither --real nor --apis',
    );
  }
  const screen = new Screen();
  const folder = openRunFolder(options.keep);
  const ending = new AbortController();
  let starting: Promise<House> | undefined;
  let engines: RealEngines | undefined;
  let listener: WebhookListener | undefined;
  const stop = async () => {
    await (await starting?.catch(() => null))?.stop();
    await engines?.stop();
    await listener?.close();
  };
  const stopEarly = (signal: NodeJS.Signals) => {
    screen.line(`${signal}: ending the demo`);
    ending.abort(new NotStarted(`${signal} before the house was up`));
    void stop().finally(() => {
      folder.release();
      process.exit(1);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stopEarly);
  let ended = false;
  try {
    screen.line(`a fresh house in ${folder.path}`);
    const report = (line: string) => screen.line(`  ${line}`);
    const run = `demo-${systemClock().now().toString(36)}`;
    if (options.real === true) engines = await realEngines({ config: readConfig(), folder: folder.path, run, report });
    listener = await listenForWebhooks();
    const settings = { ...settingsOf(options, folder.path, engines), WEBHOOK_HOSTS: listener.host };
    const config = readConfig(environmentWith(settings));
    const prepare = ({ catalogUrl }: { catalogUrl: string }) => seed(catalogUrl, options, config, folder.path, report);
    const { apis, workers } = options;
    const virtual = options.virtual === true;
    starting = startHouse({ config, settings, apis, workers, virtual, report, prepare, signal: ending.signal });
    const house = await starting;
    const readyAfterMs = Math.round(process.uptime() * 1000);
    screen.line(`ready to serve after ${(readyAfterMs / 1000).toFixed(1)} s: ${house.decisionApis.join(' ')}`);
    // A virtual run has no management API, and its warehouse fills beside the clock: nothing to steer by.
    const { management, catalogUrl } = house;
    const steering =
      management === null ? null : await Steering.begin({ management, catalogUrl }, listener, options.for, report);
    const seen = await traffic({ options, config, house, screen, folder: folder.path });
    const steered = (await steering?.finish()) ?? null;
    const verdict = await evaluate({
      options,
      config,
      house,
      screen,
      folder: folder.path,
      seen,
      steered,
      readyAfterMs,
      engines,
    });
    await stop();
    if (options.keep !== undefined && engines !== undefined) keepWarehouse(folder.path, engines);
    finish(verdict, options, screen);
    ended = true;
  } finally {
    await stop();
    folder.release(!ended);
  }
}

function finish(verdict: Verdict, options: DemoOptions, screen: Screen): void {
  const out = options.json === true ? process.stderr : process.stdout;
  printSummary(verdict, (line) => out.write(`${line}\n`));
  for (const error of verdict.errors) screen.line(`error: ${error}`);
  if (options.json === true) process.stdout.write(`${JSON.stringify(verdict.json)}\n`);
  process.exitCode = verdict.json.audit === 'exact' && verdict.errors.length === 0 ? 0 : 1;
}

/** A demo is in its own folder, and embedded unless it is to be real, whatever the environment says of a real house. */
function settingsOf(options: DemoOptions, folder: string, engines: RealEngines | undefined): Record<string, string> {
  const life = engines === undefined ? '4s' : '5s';
  return {
    DATA_DIR: folder,
    ...(engines?.settings ?? { EVENT_LOG: '', STATE_STORE: '', WAREHOUSE: '', CATALOG: '' }),
    // A house beside this one must not be taken for it while its API is killed: no usual ports.
    PORT: '0',
    MANAGEMENT_PORT: '0',
    WORKER_PORT: '0',
    PUBLIC_URL: '',
    TOKEN_LIFE: life,
    CLICK_TOKEN_LIFE: life,
    LOG_CLOCK_MARGIN: engines === undefined ? '0s' : '1s',
    TICK_AFTER: '1s',
    SESSION_TIMEOUT: '6s',
    // The simulator's viewers see a minute in a second.
    PLAYBACK_SPEED: '60',
    DEMO_PAGE: 'off',
    SIGNALS: options.signals,
    VIRTUAL_SEED: options.virtual === true ? String(options.seed) : '',
  };
}

async function seed(
  catalogUrl: string,
  options: DemoOptions,
  config: Config,
  folder: string,
  report: (line: string) => void,
): Promise<void> {
  const startedAt = config.virtual?.startMs ?? systemClock().now();
  const times = {
    startsAt: startedAt,
    endsAt: startedAt + 30 * DAY_MS,
    pacedUntil: startedAt + options.for + 20_000,
    scale: 1,
  };
  const catalog = await openCatalog(catalogUrl);
  try {
    const campaigns = demoCatalog(times);
    for (const campaign of campaigns) await catalog.putCampaign(campaign);
    await putExperiment(catalogUrl);
    const snapshot = await catalog.snapshot();
    writeRunFiles(folder, config, snapshot.campaigns, { seed: options.seed, startedAt });
    const advertisers = new Set(campaigns.map(({ advertiserId }) => advertiserId)).size;
    report(`seeded ${campaigns.length} campaigns of ${advertisers} advertisers`);
  } finally {
    await catalog.close();
  }
}
