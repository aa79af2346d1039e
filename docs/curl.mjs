/** As much of curl as the pages' commands use, for machines that have none: [-s] [-f] URL [--data-binary TEXT | @FILE]. */
import { readFileSync } from 'node:fs';

const args = process.argv.slice(2);
const at = args.indexOf('--data-binary');
const data = at < 0 ? undefined : args.splice(at, 2)[1];
const fails = args.some((arg) => /^-s?f$/.test(arg));
const url = args.find((arg) => !arg.startsWith('-')) ?? '';
const body = data?.startsWith('@') ? readFileSync(data.slice(1)) : data;
const response = await fetch(url, body === undefined ? {} : { method: 'POST', body });
if (fails && !response.ok) {
  process.exitCode = 22;
} else {
  process.stdout.write(Buffer.from(await response.arrayBuffer()));
}
