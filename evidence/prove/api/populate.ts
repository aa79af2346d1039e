import { ask } from './ask.ts';
import type { Pool } from './pool.ts';

/** Is in every name of the other organisation, and is never sent by ours. */
export const MARK = 'XTHEIRSX';

/** Makes one thing of every kind with the key; every name carries the mark. */
export async function populate(url: string, key: string, pool: Pool, mark: string): Promise<void> {
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await ask(url, {
      method: 'POST',
      path,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (answer.status > 299) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const make = async (kind: string, path: string, body: unknown) => {
    const { id } = await post(path, body);
    pool.add(kind, String(id));
    return String(id);
  };
  const name = `${mark} thing`;
  const advertiser = await make('advertisers', '/api/v2/advertisers', { name });
  const category = await make('categories', '/api/v2/categories', { name });
  await make('pods', '/api/v2/pods', { name, duration_seconds: 90 });
  await make('experiments', '/api/v2/experiments', { name, arms: [{ name, weight: 1 }] });
  await make('api-keys', '/api/v2/api-keys', { name, scopes: ['campaigns:read'] });
  const report = { measures: ['impressions'], dimensions: ['campaign'], range: 'last_7_days' };
  const saved = await make('saved-reports', '/api/v2/analytics/saved-reports', { name, report });
  await make('report-jobs', `/api/v2/analytics/saved-reports/${saved}/run`, undefined);
  const alert = { name, measure: 'spend', comparison: 'above', threshold: 1e15, window_seconds: 600 };
  await make('alerts/rules', '/api/v2/alerts/rules', alert);
  const email = `${mark.toLowerCase()}@acme.example`;
  await make('users', '/api/v2/users', { email, name, password: 'correct horse battery', role: 'manager' });
  for (const status of ['active', 'draft']) {
    const campaign = await make('campaigns', '/api/v2/campaigns', {
      name,
      advertiser_id: advertiser,
      starts_at: '2026-01-01T00:00:00Z',
      ends_at: '2027-01-01T00:00:00Z',
      pricing: { model: 'cpm', rate_micros: 1_000_000 },
      total_budget_micros: 1_000_000_000,
      status,
    });
    const media = [
      { url: 'https://cdn.example/a.mp4', type: 'video/mp4', delivery: 'progressive', width: 1920, height: 1080 },
    ];
    await make('creatives', `/api/v2/campaigns/${campaign}/creatives`, { name, duration_seconds: 30, media });
    const conditions = [{ dimension: 'geo_countries', mode: 'include', values: ['US'] }];
    const { rules } = (await post(`/api/v2/campaigns/${campaign}/targeting`, { conditions })) as {
      rules: { id: string }[];
    };
    for (const { id } of rules) pool.add('rules', id);
    await post(`/api/v2/campaigns/${campaign}/categories`, { category_ids: [category] });
    await post(`/api/v2/campaigns/${campaign}/frequency-cap`, { scope: 'user', window: 'day', max_impressions: 3 });
  }
  await make('auto-optimize', '/api/v2/optimization/auto-optimize', { kinds: ['under_delivery'] });
}
