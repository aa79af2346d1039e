import { parseArgs } from 'node:util';
import type { ProofOptions } from './proof.ts';

export interface Called {
  readonly help: boolean;
  /** The proofs that were asked for; none: all of them. */
  readonly names: readonly string[];
  readonly options: Omit<ProofOptions, 'say'>;
}

/** Every case that a proof does not try would pass: so a number is a number, or the call is wrong. */
export class CalledWrongly extends Error {}

/** `runs`: FC_RUNS, what the properties are given where no `--runs` is. Throws CalledWrongly. */
export function readArguments(args: readonly string[], runs: string | null, known: readonly string[]): Called {
  const { values, positionals } = parsed(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new CalledWrongly(`no proof named ${unknown.join(', ')}`);
  const cases = values.cases === undefined ? null : whole('--cases', values.cases);
  return {
    help: values.help,
    names: positionals,
    options: {
      dir: values.dir ?? null,
      only: values.only ?? null,
      allowNo: values['allow-no'],
      deadLettersExpected: whole('--dead-letters', values['dead-letters'], 0),
      runs: values.runs === undefined ? whole('FC_RUNS', runs ?? '300') : whole('--runs', values.runs),
      decisions: whole('--decisions', values.decisions),
      concurrency: whole('--concurrency', values.concurrency),
      processes: whole('--processes', values.processes),
      cases: cases ?? 2_000,
      urls: cases ?? 100_000,
      hostile: values.hostile === undefined ? 10 * (cases ?? 2_000) : whole('--hostile', values.hostile),
      xsd: values.xsd ?? null,
      pods: whole('--pods', values.pods),
    },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dir: { type: 'string' },
        only: { type: 'string' },
        'allow-no': { type: 'string', multiple: true, default: [] },
        'dead-letters': { type: 'string', default: '0' },
        runs: { type: 'string' },
        decisions: { type: 'string', default: '20000' },
        concurrency: { type: 'string', default: '200' },
        processes: { type: 'string', default: '4' },
        cases: { type: 'string' },
        hostile: { type: 'string' },
        xsd: { type: 'string' },
        pods: { type: 'string', default: '3000' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new CalledWrongly(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, least = 1): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least) return number;
  throw new CalledWrongly(`${name} must be a whole number from ${least}, not ${JSON.stringify(text)}`);
}
