import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.ts';

interface Kept {
  readonly tokenKeys: NonNullable<Config['tokenKeys']>;
  readonly pepper: string;
}

/**
 * The configuration with its token keys and pepper filled in: configured ones as they are, else those in
 * DATA_DIR/secrets.json (mode 0600), which is made once. In virtual mode they follow from the seed, so that a run repeats.
 */
export function withSecrets(config: Config): Config {
  if (config.tokenKeys !== null && config.pepper !== null) return config;
  const kept = config.virtual === null ? keptSecrets(config.dataDir) : seededSecrets(config.virtual.seed);
  return { ...config, tokenKeys: config.tokenKeys ?? kept.tokenKeys, pepper: config.pepper ?? kept.pepper };
}

/** Token keys and pepper as the variables that a child process reads. */
export function secretSettings({ tokenKeys, pepper }: Config): Record<string, string> {
  const settings: Record<string, string> = {};
  if (tokenKeys !== null) settings.TOKEN_KEYS = tokenKeys.map(({ id, secret }) => `${id}:${secret}`).join(',');
  if (pepper !== null) settings.PEPPER = pepper;
  return settings;
}

function keptSecrets(dataDir: string): Kept {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'secrets.json');
  const made: Kept = {
    tokenKeys: [{ id: 'k1', secret: randomBytes(32).toString('base64url') }],
    pepper: randomBytes(32).toString('base64url'),
  };
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  // Written whole beside its place: of processes that begin together one gives it its name, and the others read all of it.
  const unfinished = `${path}.${randomBytes(9).toString('base64url')}`;
  writeFileSync(unfinished, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(unfinished, path);
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return JSON.parse(readFileSync(path, 'utf8')) as Kept;
  } finally {
    rmSync(unfinished);
  }
}

function seededSecrets(seed: number): Kept {
  const derive = (name: string) => createHash('sha256').update(`${name}:${seed}`).digest('base64url');
  return { tokenKeys: [{ id: 'k1', secret: derive('token') }], pepper: derive('pepper') };
}
