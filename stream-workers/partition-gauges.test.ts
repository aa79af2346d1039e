import { expect, test } from 'vitest';
import { createWorkerMetrics } from './metrics.ts';
import { PartitionGauges } from './partition-gauges.ts';

test('a partition that another process holds now is told by that process alone', async () => {
  const metrics = createWorkerMetrics();
  const gauges = new PartitionGauges('frequency', metrics);
  const samples = async (name: string) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  for (const partition of [0, 1]) gauges.tell({ topic: 'ad-beacons', partition, behind: 7, ageSeconds: 3 });
  gauges.tell({ topic: 'ad-requests', partition: 1, behind: 2, ageSeconds: null });
  expect(await samples('breakwater_partition_lag_records')).toHaveLength(3);
  expect(await samples('breakwater_watermark_age_seconds')).toHaveLength(2);

  gauges.forgetOthers([{ topic: 'ad-beacons', partition: 0 }]);
  expect(await samples('breakwater_partition_lag_records')).toEqual([
    'breakwater_partition_lag_records{group="frequency",topic="ad-beacons",partition="0"} 7',
  ]);
  expect(await samples('breakwater_watermark_age_seconds')).toEqual([
    'breakwater_watermark_age_seconds{group="frequency",partition="0"} 3',
  ]);
});
