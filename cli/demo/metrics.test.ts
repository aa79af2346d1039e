import { expect, test } from 'vitest';
import { MetricsWatch, parseMetrics } from './metrics.ts';

const page = (count: number, slow: number) =>
  [
    '# HELP breakwater_x_seconds test',
    `breakwater_requests_total{outcome="pod"} ${count}`,
    `breakwater_x_seconds_bucket{effect="window",le="0.1"} ${count - slow}`,
    `breakwater_x_seconds_bucket{effect="window",le="1"} ${count}`,
    `breakwater_x_seconds_bucket{effect="window",le="+Inf"} ${count}`,
  ].join('\n');

test('labels with quotes and braces are read', () => {
  expect(parseMetrics('a{b="x\\"},y",c="2"} 3')).toEqual([{ name: 'a', labels: { b: 'x\\"},y', c: '2' }, value: 3 }]);
});

test('what a killed process had counted stays counted', () => {
  const watch = new MetricsWatch(['http://api', 'http://worker']);
  watch.take('http://api', page(100, 10));
  watch.take('http://worker', page(5, 0));
  watch.take('http://api', page(7, 0));
  watch.take('http://api', page(9, 0));
  expect(watch.sum('breakwater_requests_total')).toBe(114);
  expect(watch.sum('breakwater_requests_total', { outcome: 'empty' })).toBe(0);
});

test('a quantile lies inside the bucket that holds it', () => {
  const watch = new MetricsWatch(['http://api']);
  watch.take('http://api', page(100, 10));
  expect(watch.quantile('breakwater_x_seconds', 0.95)).toBeCloseTo(0.55, 5);
  expect(watch.quantile('breakwater_x_seconds', 0.45)).toBeCloseTo(0.05, 5);
  expect(watch.quantile('breakwater_nothing', 0.95)).toBeNull();
});
