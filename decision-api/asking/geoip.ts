import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type CityResponse, Reader } from 'maxmind';
import type { Logger } from 'pino';
import { EngineError } from '../../engines/errors.ts';
import { canonicalIp } from '../../engines/pseudonym.ts';
import type { Metrics } from '../metrics.ts';

/** A place in the fields of a request's `geo`, and the zone of its clocks. */
export interface AddressPlace {
  readonly country?: string;
  readonly region?: string;
  readonly city?: string;
  readonly dma?: number;
  readonly time_zone?: string;
  readonly [field: string]: unknown;
}

/** Null: no address, or not known where it is. */
export type PlaceOf = (address: string | null) => AddressPlace | null;

export interface Geoip {
  readonly placeOf: PlaceOf;
  /** Takes the file again if it is another one. One that cannot be read is complained of, and the last good one serves on. */
  refresh(): Promise<void>;
}

interface Parts {
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Null: no file, no places. A file that is missing or is not one of places throws EngineError `misconfigured`. */
export async function openGeoip(path: string | null, { metrics, logger }: Parts): Promise<Geoip> {
  if (path === null) return { placeOf: () => null, refresh: async () => undefined };
  let { reader, mark } = await load(path);
  /** The file that was refused is not read again and again. */
  let refused = '';
  return {
    placeOf(address) {
      try {
        return address === null ? null : lookUp(reader, address);
      } catch (err) {
        // A file with a broken page has no place to tell; a viewer is never refused for it.
        metrics.engineFailures.inc({ engine: 'geoip', code: 'fault' });
        logger.debug({ err }, 'an address cannot be looked up');
        return null;
      }
    },
    async refresh() {
      try {
        const now = await markOf(path);
        if (now === mark || now === refused) return;
        refused = now;
        ({ reader, mark } = await load(path));
        logger.info({ path, built: reader.metadata.buildEpoch }, 'places are read from a new file');
      } catch (err) {
        metrics.engineFailures.inc({ engine: 'geoip', code: err instanceof EngineError ? err.code : 'fault' });
        logger.warn({ err, path }, 'the file of places cannot be read; the last good one serves on');
      }
    },
  };
}

async function load(path: string): Promise<{ readonly reader: Reader<CityResponse>; readonly mark: string }> {
  try {
    const mark = await markOf(path);
    const reader = new Reader<CityResponse>(await readFile(path));
    const kind = reader.metadata.databaseType;
    if (/asn|isp|domain|anonymous|connection/i.test(kind))
      throw new Error(`it is of the kind ${kind}: no places in it`);
    // A file that was cut off fails in its first answers, not when it is opened.
    reader.get('8.8.8.8');
    return { reader, mark };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EngineError(
      'misconfigured',
      `GEOIP_FILE=${JSON.stringify(path)}: not a MaxMind file of places: ${why}`,
      error,
    );
  }
}

/** Another file, by what the system says of it. */
async function markOf(path: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(path);
  return `${ino} ${size} ${mtimeMs}`;
}

function lookUp(reader: Reader<CityResponse>, address: string): AddressPlace | null {
  if (isIP(address) === 0) return null;
  const ip = canonicalIp(address);
  // A file of IPv4 alone knows nothing of the others.
  if (reader.metadata.ipVersion === 4 && isIP(ip) === 6) return null;
  const found = reader.get(ip);
  if (found === null) return null;
  const country = found.country?.iso_code;
  const [subdivision] = found.subdivisions ?? [];
  return {
    ...(country && { country }),
    ...(country && subdivision?.iso_code && { region: `${country}-${subdivision.iso_code}` }),
    ...(found.city?.names?.en && { city: found.city.names.en }),
    ...(found.location?.metro_code && { dma: found.location.metro_code }),
    ...(found.location?.time_zone && { time_zone: found.location.time_zone }),
  };
}
