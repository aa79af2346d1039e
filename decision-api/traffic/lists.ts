import { readFile, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { EngineError } from '../../engines/errors.ts';
import type { ServingSettings } from '../../engines/serving-settings.ts';
import { Agents } from './agents.ts';
import { Networks } from './networks.ts';

/** A list may have a head and an odd line; with more of them it is of another form than we read. */
const REFUSED_PART_MAX = 0.05;

type Files = Pick<ServingSettings, 'botsFile' | 'browsersFile' | 'dataCentresFile' | 'badDevicesFile'>;

/** What was read from the lists of invalid traffic. */
export interface TrafficLists {
  readonly agents: Agents;
  readonly dataCentres: Networks;
  /** Ids of devices, or of users, households and addresses as `user:…`, `household:…`, `ip:…`. */
  readonly badDevices: ReadonlySet<string>;
}

/** The lists, and how to read them again. */
export interface ListsFile {
  readonly current: TrafficLists;
  /** Reads the files again if one of them is another. What cannot be read is complained of, and the last good lists serve on. */
  refresh(): Promise<void>;
}

/** Throws EngineError `misconfigured` where a file is missing. `now`: epoch ms, for patterns that ended. */
export async function openLists(files: Files, now: () => number, logger: Logger): Promise<ListsFile> {
  let marks = await marksOf(files);
  let current = await load(files, now());
  tell(current, files, logger);
  return {
    get current() {
      return current;
    },
    async refresh() {
      try {
        const found = await marksOf(files);
        if (found === marks) return;
        current = await load(files, now());
        marks = found;
        tell(current, files, logger);
      } catch (err) {
        logger.warn({ err }, 'a list of invalid traffic cannot be read; the last good one serves on');
      }
    },
  };
}

async function load(files: Files, now: number): Promise<TrafficLists> {
  const exclude = await linesOf('BOTS_FILE', files.botsFile);
  const include = await linesOf('BROWSERS_FILE', files.browsersFile);
  const networks = await linesOf('DATA_CENTRES_FILE', files.dataCentresFile);
  const devices = await linesOf('BAD_DEVICES_FILE', files.badDevicesFile);
  return {
    agents: new Agents(exclude ?? [], include, now),
    dataCentres: new Networks(networks ?? []),
    badDevices: new Set((devices ?? []).map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')),
  };
}

/** One path, or several with commas between. Null: none was given. */
async function linesOf(name: string, paths: string | null): Promise<readonly string[] | null> {
  if (paths === null) return null;
  const lines: string[] = [];
  for (const path of paths.split(',')) {
    try {
      lines.push(...(await readFile(path.trim(), 'utf8')).split(/\r?\n/));
    } catch (error) {
      throw new EngineError('misconfigured', `${name}=${JSON.stringify(paths)}: ${path} cannot be read`, error);
    }
  }
  return lines;
}

/** What is configured; each may name several files with commas between. */
export function pathsOf({ botsFile, browsersFile, dataCentresFile, badDevicesFile }: Files): readonly string[] {
  return [botsFile, browsersFile, dataCentresFile, badDevicesFile].filter((file) => file !== null);
}

async function marksOf(files: Files): Promise<string> {
  const paths = pathsOf(files).flatMap((value) => value.split(','));
  const marks = await Promise.all(
    paths.map(async (path) => {
      const { mtimeMs, size } = await stat(path.trim()).catch(() => ({ mtimeMs: 0, size: -1 }));
      return `${mtimeMs}/${size}`;
    }),
  );
  return marks.join(' ');
}

function tell({ agents, dataCentres, badDevices }: TrafficLists, files: Files, logger: Logger): void {
  if (pathsOf(files).length === 0) return;
  const { size: ranges, lines, refused } = dataCentres;
  const read = { patterns: agents.size, ranges, lines, lines_refused: refused, devices: badDevices.size };
  if (refused > 1 && refused > lines * REFUSED_PART_MAX) {
    logger.warn(read, 'lists were read, but DATA_CENTRES_FILE has many lines that are no network');
  } else logger.info(read, 'lists were read');
}
