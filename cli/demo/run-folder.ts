import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Campaign } from '../../domain/campaign.ts';
import type { Config } from '../../engines/config.ts';
import { EngineError } from '../../engines/errors.ts';
import { removeCatalog } from '../../engines/open.ts';
import { experimentWeights } from './steering.ts';

/** Where a demo runs. */
export interface RunFolder {
  readonly path: string;
  /** Removes it unless it is to be kept. What a demo that `broke` had to say stays, under `logs/`. */
  release(broke?: boolean): void;
}

/** A fresh temporary folder, or `keep`, which must be new or empty: EngineError `misconfigured`. */
export function openRunFolder(keep: string | undefined): RunFolder {
  if (keep === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'breakwater-demo-'));
    const release = (broke = false) => {
      for (const catalog of ['catalog', 'servers/postgresql']) removeCatalog(join(path, catalog));
      if (!broke) return rmSync(path, { recursive: true, force: true });
      for (const name of existsSync(path) ? readdirSync(path) : [])
        if (name !== 'logs') rmSync(join(path, name), { recursive: true, force: true });
    };
    return { path, release };
  }
  const path = resolve(keep);
  mkdirSync(path, { recursive: true });
  if (readdirSync(path).length > 0) throw new EngineError('misconfigured', `--keep ${keep}: the folder is not empty`);
  return { path, release: () => undefined };
}

/** What the audit and a stranger need beside the log: the limits and the settings of this run. */
export function writeRunFiles(
  path: string,
  config: Config,
  campaigns: readonly Campaign[],
  run: { seed: number; startedAt: number },
): void {
  const settings = {
    token_life_ms: config.tokenLifeMs,
    click_token_life_ms: config.clickTokenLifeMs,
    log_clock_margin_ms: config.logClockMarginMs,
    partitions: config.partitions,
    signals: config.signals,
    seed: run.seed,
    started_at: run.startedAt,
    virtual: config.virtual !== null,
    experiments: [experimentWeights],
  };
  writeFileSync(join(path, 'seed.json'), `${JSON.stringify(campaigns, null, 2)}\n`);
  writeFileSync(join(path, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  writeFileSync(join(path, 'RECOUNT.md'), RECOUNT);
}

const RECOUNT = `# How to recount this run

Nothing here has to be believed. All times are epoch milliseconds, all money is integer micros.

| file | written by | holds |
|---|---|---|
| \`viewers.jsonl\` | the simulated viewers alone | one line per HTTP call: what was asked, what came back. \`status\` null: no answer, or never sent |
| \`seed.json\` | the demo, before anything ran | every campaign with its limits: budget, goal, caps, categories, targeting, price |
| \`settings.json\` | the demo | token lives, partitions, seed |
| \`log/\` | the embedded event log (LMDB) | every record, by topic, partition and offset |
| \`state/\` | the embedded state store (LMDB) | frequency windows, money, sums, heads |
| \`warehouse/\` | chDB, the ClickHouse engine | raw rows by position, roll-ups |

Of a run on real engines, \`log/\` and \`state/\` were written by the audit as it read them from Kafka and Redis, in the same form.

1. **Answered requests.** Lines of kind \`ad-request\` with status 200, one per \`request_id\`. Each must be in topic \`ad-requests\` and in the warehouse once.
2. **Acknowledged beacons.** Lines of kind \`beacon\` with status 200, 202 or 302 whose signature was genuine (intent other than \`forged\`). Each must be in topic \`ad-beacons\`, found by its \`cb\`, and nothing may be there that no line sent.
3. **Read the log.** LMDB, database \`records\`: key [topic, partition, offset] in lmdb-js's ordered-binary encoding; value 8 bytes append time (big endian), 2 bytes length of the key, the key, then 0x00, 4 bytes schema id, Avro. Ids and schemas: \`schemas/registry.json\` and \`schemas/history/\` of the project.
4. **Billable.** Of one reservation and event the lowest offset counts, if its append time is at most its \`expires_at\`. An impression, \`notUsed\` and an \`error\` before any impression compete for one place: the lowest offset wins. A record whose \`arrival_id\` stands at a lower offset was shipped again by a journal: it counts for nothing, and one whose \`invalid\` names a reason is invalid traffic: never billed. A cpm campaign pays by impression, cpv by \`complete\`, cpc by \`click\`.
5. **Spend.** Price x billable events, per campaign: equal in the log, in the warehouse and in the money records (state store, key \`m:<campaign>\`), to the micro, and never above the budget in \`seed.json\`.
6. **Caps.** Over the billable impressions of one identity, no span of the window in \`seed.json\` holds more than its cap.
7. **Separation.** In each answer, two ads whose categories are equal or one above the other stand apart as the request asked.

The same recount by program, which shares no code with what it checks: \`npm run audit -- --dir <this folder>\`.
Rows by SQL, with the warehouse of this folder running: \`node cli/breakwater.mjs sql "SELECT …"\` with DATA_DIR set to this folder.
`;
