#!/usr/bin/env node
// The command's guard: runs on Node 18 and later, hands over to cli/main.ts on Node 24.
import { fileURLToPath } from 'node:url';
import { findNode, runWithNode24 } from './find-node.mjs';

const main = new URL('./main.ts', import.meta.url);
if (findNode() === process.execPath) {
  process.argv[1] = fileURLToPath(main);
  await import(main.href);
} else {
  runWithNode24(fileURLToPath(main), process.argv.slice(2));
}
