import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserHere } from './browser.ts';
import { type ServerHere, serversHere } from './servers.ts';

const project = fileURLToPath(new URL('..', import.meta.url));

/** `npm test`: says what it runs on, runs every test, and ends with `N passed, N failed`. Arguments go to Vitest. */
async function main(): Promise<number> {
  print(`node ${process.versions.node} on ${process.platform} ${process.arch}`);
  print(`${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB of memory`);
  print(`user ${process.getuid?.() ?? '?'}; a native PostgreSQL: ${postgresWay()}`);
  print('embedded event log and state store: LMDB, in temporary folders');
  const { servers: real, environment, stop } = await serversHere(print);
  const servers = [...real, browserHere(print)];
  for (const { name, found, remedy } of servers) {
    print(found ? `${name}: ${found}` : `${name}: not here, its tests are NOT RUN; bring it with: ${remedy}`);
  }
  const missing = servers.filter(({ found }) => found === null);
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-test-'));
  const report = join(folder, 'report.json');
  try {
    const code = await runVitest(report, missing, environment);
    const { passed, failed: broken } = count(report);
    // Where everything must be proven, what could not be run has failed.
    const told = broken + (process.env.CI === 'true' ? missing.length : 0);
    // An error outside of every test fails the run too, and must not stand beside "0 failed".
    const failed = code !== 0 && told === 0 ? 1 : told;
    print(`${passed} passed, ${failed} failed`);
    return code === 0 && failed === 0 && passed > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await stop();
  }
}

/** As engines/catalog/postgres-runas.ts will choose; here only to be told. */
function postgresWay(): string {
  if (process.getuid?.() !== 0) return 'embedded, as this user';
  const unshared = spawnSync('unshare', ['--user', '--map-user=1000', '--map-group=1000', 'true']);
  return unshared.status === 0
    ? 'embedded, as root in a user namespace'
    : 'embedded, copied to where an unprivileged user can read it (no user namespaces here)';
}

function runVitest(
  report: string,
  missing: readonly ServerHere[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const vitest = join(project, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // On a crowded machine a broker can be slow past any patience: in CI a failure is tried once more, and Vitest says so.
  const again = process.env.CI === 'true' ? ['--retry=1'] : [];
  const left = missing.map(({ name }) => `--exclude=**/*.${name}.**`);
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...again, ...left, ...process.argv.slice(2)], {
    cwd: project,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`vitest does not start: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** A file that failed before its tests or after them counts as one failure; no report at all as well. */
function count(path: string): { passed: number; failed: number } {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return { passed: 0, failed: 1 };
  }
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
