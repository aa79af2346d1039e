import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isContinuousIntegration, parseDuration } from '../../engines/config.ts';
import { NoPreviousRelease } from './release.ts';
import { upgrade } from './upgrade.ts';

const usage = `npm run upgrade -- [--for 2m] [--rate 10] [--seed 1] [--keep DIR] [--json]

A house of the previous release (evidence/upgrade/previous.json) under load becomes one of this release, one process at a
time, and the audit recounts the run. Exit code 0 if it is exact and both releases had work; 1 if not; 0 and "not run" where
git's history does not hold the previous release, 1 with CI=true.
`;

/** Answers the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      for: { type: 'string', default: '2m' },
      rate: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      keep: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const forMs = parseDuration(values.for);
  if (values.help || forMs === undefined) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const kept = values.keep === undefined ? null : resolve(values.keep);
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'breakwater-upgrade-')));
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const tell = (result: Record<string, unknown>) =>
    process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
  try {
    const result = await upgrade({ folder, forMs, rate: Number(values.rate), seed: Number(values.seed), say });
    const problems = problemsOf(result);
    tell({ ...result, problems });
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NoPreviousRelease)) throw error;
    tell({ audit: 'not run', why: error.message });
    return isContinuousIntegration() ? 1 : 0;
  } finally {
    if (kept === null) await rm(folder, { recursive: true, force: true });
  }
}

/** Exact means something only where both releases answered, and both applied. */
function problemsOf(result: Record<string, unknown>): readonly string[] {
  const problems: string[] = [];
  if (result.audit !== 'exact') problems.push(`the audit says ${String(result.audit)}`);
  const calls = result.calls_answered as Record<string, number>;
  const applied = result.records_applied as Record<string, Record<string, number>>;
  for (const release of ['old', 'new']) {
    if ((calls[release] ?? 0) < 100) problems.push(`the ${release} APIs answered ${calls[release] ?? 0} calls`);
    for (const [name, of] of Object.entries(applied)) {
      if ((of[release] ?? 0) === 0) problems.push(`${name} of the ${release} release applied nothing`);
    }
  }
  if (result.upgraded_under_load !== true) problems.push('the viewers were done before the upgrade was');
  return problems;
}

process.exitCode = await main();
