import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import type { ProofOptions, Tally } from './proof.ts';

const PATIENCE_MS = 600_000;
const project = fileURLToPath(new URL('../../', import.meta.url));

/** Plants each fault in a copy of domain/ and runs the proofs there: one of them has to fail. The untouched copy has to pass. */
export async function proveMutants({ only, runs, say }: ProofOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-mutants-'));
  try {
    for (const part of ['domain', 'schemas', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
      cpSync(join(project, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
    const untouched = await firstFailure(folder, [], runs);
    say(untouched === null ? 'ok    the untouched copy passes' : `FAIL  the untouched copy: ${untouched.what}`);
    let passed = untouched === null ? 1 : 0;
    let failed = 1 - passed;
    for (const mutant of mutants) {
      if (only !== null && only !== mutant.what) continue;
      const { ok, line } = await plant(folder, mutant, runs);
      if (ok) passed++;
      else failed++;
      say(line);
    }
    return { passed, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plant(folder: string, mutant: Mutant, runs: number): Promise<{ ok: boolean; line: string }> {
  const file = join(folder, 'domain', mutant.file);
  const text = readFileSync(file, 'utf8');
  const parts = text.split(mutant.from);
  if (parts.length !== 2) {
    return { ok: false, line: `FAIL  ${mutant.what}: ${mutant.file} has its line ${parts.length - 1} times` };
  }
  writeFileSync(file, parts.join(mutant.to));
  try {
    const caught = await firstFailure(folder, mutant.tests, runs);
    if (caught === null) return { ok: false, line: `FAIL  ${mutant.what} (${mutant.file}): nobody noticed` };
    // What does not even start has shown nothing of what the tests would see.
    return {
      ok: caught.started,
      line: `${caught.started ? 'ok  ' : 'FAIL'}  ${mutant.what} (${mutant.file}): ${caught.what}`,
    };
  } finally {
    writeFileSync(file, text);
  }
}

/** Null: all pass. Rejects if there was none to run. */
function firstFailure(folder: string, tests: readonly string[], runs: number): Promise<Failure | null> {
  const places = tests.length === 0 ? ['domain'] : tests.map((test) => `domain/${test}`);
  const command = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--bail=1',
    // Two files that fail at once end each other, and then neither says what it saw.
    ...(tests.length === 0 ? [] : ['--no-file-parallelism']),
    '--reporter=json',
    '--outputFile=report.json',
    ...places,
  ];
  const env = { PATH: '/usr/bin:/bin', FC_RUNS: String(runs), NO_COLOR: '1' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { cwd: folder, env, timeout: PATIENCE_MS, maxBuffer: 1 << 26 }, (error) => {
      try {
        // What is ended in the middle of a test, shrinking a case perhaps, has not said that all of them pass.
        if (error?.killed) {
          resolve({ started: false, what: `its tests took more than ${PATIENCE_MS / 1000} s` });
          return;
        }
        const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
        rmSync(join(folder, 'report.json'));
        if (report.numTotalTests === 0) throw new Error(`no tests in ${places.join(', ')}`);
        resolve(report.success ? null : failureIn(report));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** The first test that fails; not `started`: why none ran. */
export interface Failure {
  readonly started: boolean;
  readonly what: string;
}

export function failureIn({ testResults }: Pick<Report, 'testResults'>): Failure {
  const failing = testResults.filter(({ status }) => status === 'failed');
  const named = failing.flatMap((one) => one.assertionResults).find(({ status }) => status === 'failed');
  if (named !== undefined) return { started: true, what: named.fullName };
  return { started: false, what: `the tests do not even start: ${failing[0]?.message.split('\n')[0]}` };
}

/** What of vitest's report is read. */
interface Report {
  readonly success: boolean;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}
