import { parseArgs } from 'node:util';
import type { Check } from './checks.ts';
import { endpointChecks } from './endpoint-checks.ts';
import { startOwnHouse } from './house.ts';
import { numbersChecks } from './numbers-checks.ts';
import { planText } from './plan-page.ts';
import { tableChecks } from './table-checks.ts';
import { targetChecks } from './target-checks.ts';

const usage =
  'npm run plan-check -- [ID]...   walks docs/plan.md against a house of its own; exits 1 where a line fails\n';

export const checks: readonly Check[] = [...endpointChecks, ...numbersChecks, ...tableChecks, ...targetChecks];

/** The ids and first cells of the page's lines: | E1 | … | */
export function linesOfPlan(page = planText()) {
  return [...page.matchAll(/^\| ([A-Z]\d+) \| (.+?) \|/gm)].map(([, id = '', what = '']) => ({ id, what }));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  const lines = linesOfPlan();
  if (values.help || positionals.some((id) => !lines.some((line) => line.id === id))) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const house = await startOwnHouse((line) => process.stderr.write(`${line}\n`));
  let passed = 0;
  let failed = 0;
  try {
    for (const { id, what } of lines) {
      if (positionals.length > 0 && !positionals.includes(id)) continue;
      const fault = await faultOf(
        checks.find((check) => check.id === id),
        house,
      );
      if (fault === null) passed++;
      else failed++;
      process.stdout.write(
        `${fault === null ? 'ok  ' : 'FAIL'} ${id.padEnd(4)} ${what}${fault === null ? '' : `\n     ${fault}`}\n`,
      );
    }
  } finally {
    await house.stop();
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function faultOf(check: Check | undefined, house: Parameters<Check['run']>[0]): Promise<string | null> {
  if (check === undefined) return 'nothing checks this line';
  try {
    await check.run(house);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

if (import.meta.main) {
  process.exitCode = await main();
  process.exit();
}
