import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('this Node knows what V8 is told', async () => {
  const file = fileURLToPath(new URL('collect-seldom.ts', import.meta.url));
  const script = `import { collectSeldom } from ${JSON.stringify(file)}; collectSeldom(); console.log('told');`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect([stdout, stderr]).toEqual(['told\n', '']);
});
