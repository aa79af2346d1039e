#!/usr/bin/env node
// `node cli/node24.mjs <file.ts> [arguments…]`: runs a TypeScript file with Node 24.
import { runWithNode24 } from './find-node.mjs';

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write('usage: node cli/node24.mjs <file.ts> [arguments…]\n');
  process.exit(1);
}
runWithNode24(script, args);
