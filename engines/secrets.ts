import { createHash, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { EngineError } from './errors.ts';

/** A key of tracking tokens as it is kept. */
export interface KeptTokenKey {
  readonly id: string;
  readonly secret: string;
  /** Signs from then on, epoch ms; before that it verifies. Absent: always. */
  readonly from?: number;
}

/** The file of secrets. */
export interface KeptSecrets {
  /** The newest first; all verify. */
  readonly tokenKeys: readonly KeptTokenKey[];
  readonly pepper: string;
  /** Peppers that came before and are read until then, epoch ms. */
  readonly peppersBefore?: readonly { readonly pepper: string; readonly until: number }[];
}

/**
 * The configuration with its token keys and pepper filled in: configured ones as they are, else those in SECRETS_FILE or
 * DATA_DIR/secrets.json (mode 0600), which is made once; then `secretsFile` says which. In virtual mode they follow from the
 * seed, so that a run repeats.
 */
export function withSecrets(config: Config): Config {
  if (config.tokenKeys !== null && config.pepper !== null) return config;
  if (config.virtual !== null) return filled(config, seededSecrets(config.virtual.seed), null);
  const path = resolve(config.secretsFile ?? join(config.dataDir, 'secrets.json'));
  const configured = config.tokenKeys !== null || config.pepper !== null;
  return filled(config, keptSecrets(path), configured ? null : path);
}

function filled(config: Config, kept: KeptSecrets, secretsFile: string | null): Config {
  const tokenKeys = config.tokenKeys ?? kept.tokenKeys;
  return { ...config, tokenKeys, pepper: config.pepper ?? kept.pepper, secretsFile };
}

/** What tells a child process its secrets: the file that it is to follow, else token keys and pepper themselves. */
export function secretSettings({ tokenKeys, pepper, pepperBefore, secretsFile }: Config): Record<string, string> {
  if (secretsFile !== null) return { SECRETS_FILE: secretsFile };
  const settings: Record<string, string> = {};
  if (tokenKeys !== null) settings.TOKEN_KEYS = tokenKeys.map(({ id, secret }) => `${id}:${secret}`).join(',');
  if (pepper !== null) settings.PEPPER = pepper;
  if (pepperBefore !== null) settings.PEPPER_BEFORE = pepperBefore;
  return settings;
}

/** Reads a file of secrets. Throws EngineError `misconfigured` where it is none. */
export function readSecrets(path: string): KeptSecrets {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as KeptSecrets;
    if (kept.tokenKeys.length > 0 && kept.tokenKeys.every(({ id, secret }) => id && secret) && kept.pepper) return kept;
    throw new Error('it lacks token keys or a pepper');
  } catch (error) {
    // What a parser complains of repeats what it read.
    const cause = error instanceof SyntaxError ? new Error('it is not JSON') : error;
    throw new EngineError('misconfigured', `${path} holds no secrets`, cause);
  }
}

/** Puts a whole new file in the place of the old one: a reader finds either. */
export function writeSecrets(path: string, secrets: KeptSecrets): void {
  const unfinished = unfinishedFor(path, secrets);
  renameSync(unfinished, path);
}

function unfinishedFor(path: string, secrets: KeptSecrets): string {
  const unfinished = `${path}.${randomBytes(9).toString('base64url')}`;
  writeFileSync(unfinished, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return unfinished;
}

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function keptSecrets(path: string): KeptSecrets {
  if (existsSync(path)) return readSecrets(path);
  mkdirSync(dirname(path), { recursive: true });
  const made: KeptSecrets = { tokenKeys: [{ id: 'k1', secret: newSecret() }], pepper: newSecret() };
  // Written whole beside its place: of processes that begin together one gives it its name, and the others read all of it.
  const unfinished = unfinishedFor(path, made);
  try {
    linkSync(unfinished, path);
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readSecrets(path);
  } finally {
    rmSync(unfinished);
  }
}

function seededSecrets(seed: number): KeptSecrets {
  const derive = (name: string) => createHash('sha256').update(`${name}:${seed}`).digest('base64url');
  return { tokenKeys: [{ id: 'k1', secret: derive('token') }], pepper: derive('pepper') };
}
