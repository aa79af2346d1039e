import { readFileSync } from 'node:fs';

/** What this is, as package.json names it: "breakwater 0.1.0". */
export function release(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { readonly name: string; readonly version: string };
  return `${name} ${version}`;
}
