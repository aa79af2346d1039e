import { expect, test } from 'vitest';
import { nodeFlagsOn } from './node-flags.ts';

const GB = 1024 ** 3;

test('the heap may become an eighth of the memory, from 512 MB to 2 GB, and helpers are fewer than cores', () => {
  const flags = (memoryGb: number, cores: number) =>
    nodeFlagsOn({ memoryBytes: memoryGb * GB, cores, options: '--enable-source-maps' });
  expect(flags(1, 1)).toEqual(['--max-old-space-size=512', '--v8-pool-size=1']);
  expect(flags(8, 4)).toEqual(['--max-old-space-size=1024', '--v8-pool-size=3']);
  expect(flags(64, 32)).toEqual(['--max-old-space-size=2048', '--v8-pool-size=4']);
});

test('what NODE_OPTIONS says of the heap holds', () => {
  for (const options of ['--max-old-space-size=4096', '--inspect --max_old_space_size=300']) {
    expect(nodeFlagsOn({ memoryBytes: 8 * GB, cores: 2, options })).toEqual(['--v8-pool-size=1']);
  }
});
