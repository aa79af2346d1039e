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
import { askedBy } from './test-promql.ts';

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

test('every expression of the dashboards names metrics and labels that a process exposes', async () => {
  expect(dashboards).toHaveLength(4);
  const expressions = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map((t) => t.expr)));
  expect(expressions.length).toBeGreaterThan(40);
  expect(await problems(expressions)).toEqual([]);
});

test('an expression with a metric or a label that nobody exposes is found', async () => {
  expect(await problems(['rate(breakwater_nothing_total[5m]) > 0'])).toHaveLength(1);
  expect(await problems(['sum by (le) (rate(breakwater_decision_seconds[5m]))'])).toHaveLength(1);
  expect(await problems(['breakwater_ready{shard="x"} == 0'])).toHaveLength(1);
  expect(await problems(['1 > 0'])).toHaveLength(1);
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
