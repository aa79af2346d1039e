import { readExperiment } from '../../domain/campaign-document.ts';
import type { Experiment } from '../../domain/experiment.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { EngineError } from '../errors.ts';
import { asEngineErrors, openPool } from './postgres-client.ts';

/** An experiment as it is put: the catalog gives the id and the version, the name tells which one it is. */
export type NewExperiment = Pick<Experiment, 'name' | 'status' | 'arms'>;

/** The house's experiments in the catalog. What is written is told to deciders by the table itself: migrations/0010. */
export interface Experiments {
  list(): Promise<readonly Experiment[]>;
  /** Writes it whole, over an older one of its name; answers the new version. EngineError `refused` where it cannot be read. */
  put(experiment: NewExperiment): Promise<number>;
  close(): Promise<void>;
}

/** The experiments of a migrated PostgreSQL 15 or newer. */
export function openExperiments(options: { readonly url: string }): Experiments {
  const pool = openPool(options.url, 1);
  return {
    list: () =>
      asEngineErrors(async () => {
        const { rows } = await pool.query<Omit<Experiment, 'version'> & { version: string }>(
          'SELECT id, version, name, status, arms FROM experiments WHERE organisation_id = $1 ORDER BY name',
          [HOUSE_ORGANISATION],
        );
        return rows.map((row) => ({ ...row, version: Number(row.version) }));
      }),
    put: (experiment) =>
      asEngineErrors(async () => {
        if (readExperiment({ ...experiment, id: 'new', version: 1 }) === null || experiment.arms.length === 0) {
          throw new EngineError(
            'refused',
            'an experiment is { name, status: running | stopped, arms: [{ name, weight, … }] }',
          );
        }
        const { rows } = await pool.query<{ version: string }>(
          `INSERT INTO experiments (name, status, arms, organisation_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT (organisation_id, name) DO UPDATE SET status = excluded.status, arms = excluded.arms, updated_at = NOW()
           RETURNING version`,
          [experiment.name, experiment.status, JSON.stringify(experiment.arms), HOUSE_ORGANISATION],
        );
        return Number(rows[0]?.version);
      }),
    close: () => pool.end(),
  };
}
