import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditOptions } from '../audit/audit.ts';
import { names } from '../audit/fault.ts';
import { RunCopy } from './copy.ts';
import { makeRun } from './make-run.ts';
import { type Plant, plants } from './plants.ts';
import type { ProofOptions, Tally } from './proof.ts';

/** Plants each fault in a copy of a finished run: the audit must call it by its name, and call an untouched copy exact. */
export async function proveAudit(options: ProofOptions): Promise<Tally> {
  const made = options.dir === null ? mkdtempSync(join(tmpdir(), 'breakwater-run-')) : null;
  try {
    const source = options.dir ?? (await makeRun(made ?? '', options.say));
    return await plantAll(source, options);
  } finally {
    if (made !== null) rmSync(made, { recursive: true, force: true });
  }
}

async function plantAll(source: string, options: ProofOptions): Promise<Tally> {
  const rules: AuditOptions = { allowNo: options.allowNo, deadLettersExpected: options.deadLettersExpected };
  const untouched = await proveUntouched(source, rules);
  options.say(untouched ?? 'ok    an untouched copy is exact');
  let passed = untouched === null ? 1 : 0;
  let failed = 1 - passed;
  for (const plant of plants) {
    if (options.only !== null && options.only !== plant.expects) continue;
    const { ok, line } = await prove(source, plant, rules);
    if (ok) passed++;
    else failed++;
    options.say(line);
  }
  return { passed, failed };
}

/** Null: exact. */
async function proveUntouched(source: string, rules: AuditOptions): Promise<string | null> {
  const copy = await RunCopy.of(source);
  try {
    const { faults } = await copy.audit(rules);
    if (faults.length === 0) return null;
    return [
      'FAIL  an untouched copy is broken',
      ...faults.map((one) => `      ${one.name} (${one.count}): ${one.detail}: ${one.ids[0]}`),
    ].join('\n');
  } finally {
    await copy.close();
  }
}

async function prove(source: string, plant: Plant, rules: AuditOptions): Promise<{ ok: boolean; line: string }> {
  const copy = await RunCopy.of(source);
  try {
    await plant.plant(copy, await copy.read());
    const verdicts = await copy.audit(rules);
    const named = names(verdicts.faults);
    const ok = verdicts.audit === 'broken' && named.includes(plant.expects);
    const others = named.filter((name) => name !== plant.expects);
    const beside = others.length > 0 ? `; with it ${others.join(', ')}` : '';
    if (ok) return { ok, line: `ok    ${plant.what}: ${plant.expects}${beside}` };
    return {
      ok,
      line: `FAIL  ${plant.what}: expected ${plant.expects}, the audit said ${named.join(', ') || 'exact'}`,
    };
  } catch (error) {
    return { ok: false, line: `FAIL  ${plant.what}: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    await copy.close();
  }
}
