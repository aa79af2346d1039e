import type pg from 'pg';
import { readExperiment } from '../../domain/campaign-document.ts';
import type { Experiment } from '../../domain/experiment.ts';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { EngineError } from '../errors.ts';
import type { Noted } from './desk.ts';
import { asEngineErrors, openPool } from './postgres-client.ts';
import { writeAsSystem } from './postgres-desk.ts';

/** An experiment as it is put: the catalog gives the id and the version, the name tells which one it is. */
export type NewExperiment = Pick<Experiment, 'name' | 'status' | 'arms'>;

/** `armsSince`: epoch ms of the last change of its name or arms. */
export type ListedExperiment = Experiment & { readonly armsSince: number };

/** What a put did; `before` is null: there was none of its name. */
export interface ExperimentPut {
  readonly before: Experiment | null;
  readonly after: Experiment;
}

/** The house's experiments in the catalog. What is written is told to deciders by the table itself: migrations/0010. */
export interface Experiments {
  list(): Promise<readonly ListedExperiment[]>;
  /** Writes it whole, over an older one of its name; answers the new version. EngineError `refused` where it cannot be read. */
  put(experiment: NewExperiment, noted: Noted<ExperimentPut>): Promise<number>;
  close(): Promise<void>;
}

/** The experiments of a migrated PostgreSQL 15 or newer. */
export function openExperiments(options: { readonly url: string }): Experiments {
  const pool = openPool(options.url, 1);
  return {
    list: () =>
      asEngineErrors(async () => {
        const { rows } = await pool.query<Row & { readonly arms_since: Date }>(
          `SELECT ${COLUMNS}, arms_since FROM experiments WHERE organisation_id = $1 ORDER BY name`,
          [HOUSE_ORGANISATION],
        );
        return rows.map(({ arms_since, ...row }) => ({ ...experimentOf(row), armsSince: arms_since.getTime() }));
      }),
    async put(experiment, noted) {
      if (readExperiment({ ...experiment, id: 'new', version: 1 }) === null || experiment.arms.length === 0) {
        throw new EngineError(
          'refused',
          'an experiment is { name, status: running | stopped, arms: [{ name, weight, … }] }',
        );
      }
      const { after } = await writeAsSystem(pool, (client) => write(client, experiment), noted);
      return after.version;
    },
    close: () => pool.end(),
  };
}

const COLUMNS = 'id, version, name, status, arms';

type Row = Omit<Experiment, 'version'> & { readonly version: string };

const experimentOf = (row: Row): Experiment => ({ ...row, version: Number(row.version) });

async function write(client: pg.PoolClient, { name, status, arms }: NewExperiment): Promise<ExperimentPut> {
  const { rows: known } = await client.query<Row>(
    `SELECT ${COLUMNS} FROM experiments WHERE organisation_id = $1 AND name = $2`,
    [HOUSE_ORGANISATION, name],
  );
  const { rows } = await client.query<Row>(
    `INSERT INTO experiments (name, status, arms, organisation_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organisation_id, name) DO UPDATE SET status = excluded.status, arms = excluded.arms, updated_at = NOW()
     RETURNING ${COLUMNS}`,
    [name, status, JSON.stringify(arms), HOUSE_ORGANISATION],
  );
  return { before: known[0] ? experimentOf(known[0]) : null, after: experimentOf(rows[0] as Row) };
}
