import { expect, test } from 'vitest';
import { readConfig, readServingConfig } from './config.ts';
import { EngineError } from './errors.ts';
import { secretSettings } from './secrets.ts';

const REAL = { EVENT_LOG: 'kafka://broker:9092', STATE_STORE: 'redis://store:6379' };
const SECRETS = { PEPPER: 'p'.repeat(32), TOKEN_KEYS: `k1:${'s'.repeat(32)},k2:${'t'.repeat(32)}` };

function problemsOf(environment: Record<string, string>): string {
  try {
    readServingConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return (error as EngineError).message;
  }
  return '';
}

test('on real engines a serving process demands PEPPER and TOKEN_KEYS, each with a command that makes one', () => {
  for (const [name, url] of Object.entries(REAL)) {
    const told = problemsOf({ [name]: url });
    expect(told).toContain(`PEPPER: ${name} can be shared`);
    expect(told).toContain('export PEPPER=$(openssl rand -hex 32)');
    expect(told).toContain('TOKEN_KEYS');
    expect(told).toContain('export TOKEN_KEYS=k1:$(openssl rand -hex 32)');
  }
  expect(problemsOf({ ...REAL, PEPPER: SECRETS.PEPPER })).not.toContain('PEPPER:');
  expect(problemsOf({ ...REAL, ...SECRETS })).toBe('');
});

test('what those commands make is accepted', () => {
  const hex = 'ab'.repeat(32);
  expect(problemsOf({ ...REAL, PEPPER: hex, TOKEN_KEYS: `k1:${hex}` })).toBe('');
});

test('secrets are told together with every other problem', () => {
  const told = problemsOf({ ...REAL, PARTITIONS: 'many', REPLICATION: '99' });
  for (const name of ['PEPPER', 'TOKEN_KEYS', 'PARTITIONS', 'REPLICATION']) expect(told).toContain(name);
});

test('embedded engines, and commands that neither sign nor pseudonymise, demand no secrets', () => {
  expect(problemsOf({})).toBe('');
  expect(readConfig(REAL).pepper).toBe(null);
});

test('secrets that are passed to child processes are read as the same secrets', () => {
  const config = readServingConfig({ ...REAL, ...SECRETS });
  const again = readServingConfig({ ...REAL, ...secretSettings(config) });
  expect(again.tokenKeys).toEqual(config.tokenKeys);
  expect(again.pepper).toBe(config.pepper);
});
