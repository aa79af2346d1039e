import type { Experiments, NewExperiment } from '../engines/catalog/experiments.ts';
import { systemClock } from '../engines/clock.ts';
import { readConfig } from '../engines/config.ts';
import { catalogUrl, warehouseUrl } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { openExperimentsOf, openWarehouse } from '../engines/open.ts';
import { administerExperiment } from '../management-api/experiments/administer.ts';
import { readExperimentDocument } from '../management-api/experiments/document.ts';
import { type ReadOut, readOut } from '../management-api/experiments/read-out.ts';
import { readJson } from './read-json.ts';

/** `breakwater experiments list`: each with its arms and their shares of the viewers. */
export async function listCommand(): Promise<void> {
  await withExperiments(async (experiments) => {
    for (const { name, status, version, arms } of await experiments.list()) {
      const total = arms.reduce((sum, { weight }) => sum + weight, 0);
      const shares = arms.map((arm) => `${arm.name} ${((100 * arm.weight) / Math.max(1, total)).toFixed(1)} %`);
      process.stdout.write(`${name}  ${status}  version ${version}  ${shares.join(', ')}\n`);
    }
  });
}

/** `breakwater experiments put FILE`: writes one, or a new version of it; running processes follow within a second. */
export async function putCommand(file: string): Promise<void> {
  const experiment = readExperimentFile(file);
  await withExperiments(async (experiments) => {
    const version = await administerExperiment(experiments, experiment, systemClock());
    process.stdout.write(`${experiment.name}: version ${version}\n`);
  });
}

/** `breakwater experiments stop NAME`: from now on nobody stands in it. */
export async function stopCommand(name: string): Promise<void> {
  await withExperiments(async (experiments) => {
    const found = (await experiments.list()).find((each) => each.name === name);
    if (!found) throw new EngineError('refused', `there is no experiment ${name}`);
    const version = await administerExperiment(experiments, { ...found, status: 'stopped' }, systemClock());
    process.stdout.write(`${name}: version ${version}, stopped\n`);
  });
}

/** `breakwater experiments read NAME`: each arm against the first; intervals hold whenever one looks. */
export async function readCommand(name: string, options: { readonly json?: boolean }): Promise<void> {
  const warehouse = await openWarehouse(warehouseUrl(readConfig()));
  try {
    await withExperiments(async (experiments) => {
      const found = (await experiments.list()).find((each) => each.name === name);
      if (!found) throw new EngineError('refused', `there is no experiment ${name}`);
      const read = await readOut(found, found.armsSince, { warehouse });
      const lines = options.json === true ? [JSON.stringify(read)] : linesOf(read);
      process.stdout.write(`${lines.join('\n')}\n`);
    });
  } finally {
    await warehouse.close();
  }
}

/** A read-out for people. */
export function linesOf(read: ReadOut): string[] {
  const number = (value: number | null) => (value === null ? '-' : Number(value.toPrecision(4)).toString());
  const ratio = read.sample_ratio_ok ? 'as drawn' : 'NOT as drawn';
  return [
    `${read.name}  ${read.status}  since ${read.arms_since}  viewers ${ratio} (p ${number(read.sample_ratio_p)})`,
    ...read.arms.map(
      (arm) => `  ${arm.name}: ${arm.viewers} viewers, ${arm.requests} requests, ${arm.impressions} impressions`,
    ),
    ...read.comparisons.map((one) => {
      const guard = one.guard_rail === null ? '' : `, guard rail ${one.guard_rail}`;
      const interval = `${number(one.difference)} (${number(one.low)} to ${number(one.high)})`;
      return `  ${one.arm} ${one.measure}: ${number(one.control)} -> ${number(one.treated)}, difference ${interval}: ${one.decided}${guard}`;
    }),
    ...read.notes.map((note) => `  ${note}`),
  ];
}

async function withExperiments(work: (experiments: Experiments) => Promise<void>): Promise<void> {
  const experiments = openExperimentsOf(catalogUrl(readConfig()));
  try {
    await work(experiments);
  } finally {
    await experiments.close();
  }
}

/** Throws EngineError `refused` for what the API would refuse. */
export function readExperimentFile(file: string): NewExperiment {
  const read = readExperimentDocument(readJson(file));
  if (!('wrong' in read)) return read;
  throw new EngineError('refused', read.wrong.map(({ pointer, detail }) => `${file}: ${pointer} ${detail}`).join('\n'));
}
