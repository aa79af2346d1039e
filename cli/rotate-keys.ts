import { resolve } from 'node:path';
import { pixelToken } from '../decision-api/beacons/conversions.ts';
import { type Clock, systemClock } from '../engines/clock.ts';
import { type Config, readConfig } from '../engines/config.ts';
import { readEndpoints } from '../engines/endpoints.ts';
import { EngineError } from '../engines/errors.ts';
import { rotatePepper, rotateTokenKeys, SecretRing } from '../engines/secret-ring.ts';
import { readSecrets, withSecrets, writeSecrets } from '../engines/secrets.ts';
import { isUuid } from '../schemas/uuid.ts';

/** `breakwater keys rotate tokens`: a new key signs tracking URLs; what the one before signed is good to its end. */
export async function rotateTokensCommand(): Promise<void> {
  const { path, config, clock } = followed();
  const { secrets, id, from } = rotateTokenKeys(readSecrets(path), clock.now(), config.tokenLifeMs);
  writeSecrets(path, secrets);
  const [, before] = secrets.tokenKeys;
  process.stdout.write(
    `${id} signs from ${new Date(from).toISOString()}; ${before?.id} verifies until the next rotation\n`,
  );
}

/** `breakwater keys rotate pepper`: new pseudonyms; the old ones are read for the longest window, so that no cap is passed. */
export async function rotatePepperCommand(): Promise<void> {
  const { path, clock } = followed();
  const { secrets, until } = rotatePepper(readSecrets(path), clock.now());
  writeSecrets(path, secrets);
  process.stdout.write(`a new pepper is in use; the one before is read until ${new Date(until).toISOString()}\n`);
}

/** `breakwater keys pixel`: what an advertiser puts into its pages; its shop fills in the rest. */
export function pixelCommand(advertiser: string): void {
  if (!isUuid(advertiser)) throw new EngineError('misconfigured', `${advertiser} is no id of an advertiser`);
  const config = withSecrets(readConfig());
  const { pepper } = new SecretRing(config, () => systemClock().now());
  const base = config.publicUrl ?? readEndpoints(config.dataDir).decisionApi ?? 'http://127.0.0.1:8080';
  const token = pixelToken(advertiser, pepper);
  process.stdout.write(
    `${base.replace(/\/+$/, '')}/api/v2/conversions/pixel?t=${token}&id=ORDER&type=purchase&value=0.00\n`,
  );
}

/** The file of secrets that the running processes follow. */
function followed(): { readonly path: string; readonly config: Config; readonly clock: Clock } {
  const config = withSecrets(readConfig());
  if (config.secretsFile === null) {
    const why = 'TOKEN_KEYS and PEPPER are configured, so no file can be changed here';
    throw new EngineError(
      'misconfigured',
      `${why}: docs/beacons.md has the steps, or give all processes a SECRETS_FILE`,
    );
  }
  return { path: resolve(config.secretsFile), config, clock: systemClock() };
}
