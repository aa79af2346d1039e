import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../decision-api/metrics.ts';
import { collectProcessMetrics } from '../engines/process-metrics.ts';
import { createManagementMetrics } from '../management-api/metrics.ts';
import { createWorkerMetrics } from '../stream-workers/metrics.ts';
import { workers } from '../stream-workers/workers.ts';
import { askedBy, rangesOf } from './test-promql.ts';

const here = fileURLToPath(new URL('../compose/', import.meta.url));
const read = (path: string) => readFileSync(join(here, path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook_url: string };
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const rules = (parse(read('prometheus/rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((g) => g.rules);
const dashboards = readdirSync(join(here, 'grafana/dashboards')).map(
  (name) => JSON.parse(read(`grafana/dashboards/${name}`)) as Dashboard,
);

/** Sample name -> the labels it can have, from the registries that the three kinds of process answer /metrics with. */
async function exposed(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const readiness = () => ({ ready: true, why: [], degraded: [] });
  const registries: Registry[] = [createMetrics(), createWorkerMetrics(), createManagementMetrics()].map(
    ({ registry }) => registry,
  );
  const found = new Map<string, Set<string>>();
  for (const registry of registries) {
    collectProcessMetrics(registry, readiness);
    for (const { name, type } of await registry.getMetricsAsJSON()) {
      const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] };
      const endings = String(type) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      for (const ending of endings) {
        const known = found.get(name + ending) ?? new Set(['job', 'instance']);
        for (const label of labelNames) known.add(label);
        if (ending === '_bucket') known.add('le');
        found.set(name + ending, known);
      }
    }
  }
  // Prometheus itself makes this one.
  return found.set('up', new Set(['job', 'instance']));
}

async function problems(expressions: readonly string[]): Promise<readonly string[]> {
  const known = await exposed();
  return expressions.flatMap((expression) => {
    const asked = askedBy(expression);
    if (asked.length === 0) return [`${expression} asks for no metric`];
    return asked.flatMap(({ metric, labels }) => {
      const there = known.get(metric);
      if (!there) return [`${metric} is exposed by no process: ${expression}`];
      return labels.filter((label) => !there.has(label)).map((label) => `${metric} has no label ${label}`);
    });
  });
}

test('every expression of the alert rules names metrics and labels that a process exposes', async () => {
  expect(rules.length).toBeGreaterThan(15);
  expect(await problems(rules.map(({ expr }) => expr))).toEqual([]);
});

/** What a process exposes before anything happened: the labels of each series, by metric. */
async function fresh(): Promise<ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>> {
  const found = new Map<string, Readonly<Record<string, unknown>>[]>();
  for (const { registry } of [createMetrics(), createWorkerMetrics(Object.keys(workers)), createManagementMetrics()]) {
    for (const { name, values } of await registry.getMetricsAsJSON())
      for (const { labels, metricName = name } of values as { labels: object; metricName?: string }[])
        found.set(metricName, [...(found.get(metricName) ?? []), { ...labels }]);
  }
  return found;
}

/** The counters of these expressions that no process exposes before their first event, which `rate` and `increase` then miss. */
async function unborn(expressions: readonly string[]): Promise<readonly string[]> {
  const there = await fresh();
  return expressions.flatMap(rangesOf).flatMap(({ metric, labels }) => {
    const series = there.get(metric) ?? [];
    if (series.length === 0) return [`${metric} has no series at first`];
    return labels
      .filter(({ name, value }) => !series.some((one) => one[name] === value))
      .map(({ name, value }) => `${metric} has no series at first with ${name}="${value}"`);
  });
}

test('every counter whose rise an alert watches is there before it has risen', async () => {
  expect(rules.flatMap(({ expr }) => rangesOf(expr)).length).toBeGreaterThan(8);
  expect(await unborn(rules.map(({ expr }) => expr))).toEqual([]);
});

test('a dead letter that a process counts before it is first asked for its figures is found too', () => {
  for (const { expr } of rules.filter(({ expr }) => expr.includes('increase('))) {
    const [, counter = ''] = /increase\((.+?)\[15m\]\)/.exec(expr) ?? [];
    expect(expr).toContain(`(${counter} unless present_over_time(${counter}[1h] offset 15m)) > 0`);
  }
});

test('where all processes of a kind are gone, and with them their targets, an alert says so', () => {
  const { scrape_configs } = parse(read('prometheus/prometheus.yaml')) as { scrape_configs: { job_name: string }[] };
  expect(scrape_configs.map(({ job_name }) => job_name).toSorted()).toEqual(
    ['decision', 'management', 'workers'].map((kind) => `breakwater-${kind}`),
  );
  const expressions = rules.map(({ expr }) => expr);
  for (const kind of ['decision', 'management'])
    expect(expressions).toContain(`absent(up{job="breakwater-${kind}"} == 1)`);
  const ofGroups = expressions.find((expr) => expr.includes('absent(breakwater_assigned_partitions')) ?? '';
  for (const group of Object.keys(workers))
    expect(ofGroups).toContain(`absent(breakwater_assigned_partitions{group="${group}"})`);
  const kubernetes = read('kubernetes/README.md');
  for (const { job_name } of scrape_configs) expect(kubernetes).toContain(job_name);
});

test('every expression of the dashboards names metrics and labels that a process exposes', async () => {
  expect(dashboards).toHaveLength(4);
  const expressions = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map((t) => t.expr)));
  expect(expressions.length).toBeGreaterThan(40);
  expect(await problems(expressions)).toEqual([]);
});

test('an alert and a dashboard tell what the log refused for good, and a dashboard which engines are not waited for', () => {
  const shown = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
  expect(rules.map(({ expr }) => expr)).toContain('breakwater_journal_dead_letters > 0');
  for (const metric of ['breakwater_journal_dead_letters', 'breakwater_breaker_open'])
    expect(shown.some((expr) => expr.includes(metric))).toBe(true);
});

test('an expression with a metric or a label that nobody exposes is found', async () => {
  expect(await problems(['rate(breakwater_nothing_total[5m]) > 0'])).toHaveLength(1);
  expect(await problems(['sum by (le) (rate(breakwater_decision_seconds[5m]))'])).toHaveLength(1);
  expect(await problems(['breakwater_ready{shard="x"} == 0'])).toHaveLength(1);
  expect(await problems(['1 > 0'])).toHaveLength(1);
  expect(await unborn(['sum(rate(breakwater_requests_total{outcome=~"filled|nothing"}[5m])) > 0'])).toHaveLength(1);
  expect(await unborn(['increase(breakwater_swap_conflicts_total[5m]) > 0'])).toHaveLength(1);
  expect(askedBy('sum by (a, b) (x_total{c=~"d|e", f!="g"} offset 5m) / on (a) group_left max(y)')).toEqual([
    { metric: 'x_total', labels: ['c', 'f'] },
    { metric: 'y', labels: [] },
  ]);
});

test('every alert has its section in docs/alerts.md, and every section its alert', () => {
  const page = read('../docs/alerts.md');
  const sections = page.split(/^## /m).slice(1);
  expect(sections.map((section) => section.split('\n')[0]).toSorted()).toEqual(
    rules.map(({ alert }) => alert).toSorted(),
  );
  for (const section of sections)
    expect(section, section.split('\n')[0]).toMatch(/\*\*Means\*\*[\s\S]*\*\*Look at(\*\*| and do\*\*)/);
  for (const { alert, labels, annotations } of rules) {
    expect(annotations.runbook_url).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
    expect(['page', 'ticket']).toContain(labels.severity);
  }
});

test('every metric that docs/alerts.md speaks of is exposed', async () => {
  const known = await exposed();
  const named = [...read('../docs/alerts.md').matchAll(/\bbreakwater_[a-z_]+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
