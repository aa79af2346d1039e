import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { openHouse, type TestHouse } from './test-house.ts';

let house: TestHouse | undefined;
afterEach(async () => {
  await house?.close();
  house = undefined;
});

const get = (url: string) => house?.api.app.inject({ method: 'GET', url });

test('there is no demo page where nobody asked for one', async () => {
  house = await openHouse([]);
  for (const url of ['/demo', '/demo/', '/demo/page.mjs', '/demo/clips/any/15s.mp4'])
    expect((await get(url))?.statusCode, url).toBe(404);
});

test('the page runs its own files alone, speaks with our origin alone, and stands in no frame', async () => {
  house = await openHouse([], { environment: { DEMO_PAGE: 'on', PUBLIC_URL: 'https://ads.example/tv' } });
  expect((await get('/demo'))?.headers.location).toBe('demo/');
  const page = await get('/demo/');
  const policy = String(page?.headers['content-security-policy']).split('; ');
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("connect-src 'self' https://ads.example");
  expect(policy).toContain("frame-ancestors 'none'");
  const named = [...(page?.body ?? '').matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
  expect(named).toEqual(['data:,', 'page.css', 'page.mjs']);
});

test('every module that the page imports is served', async () => {
  house = await openHouse([], { environment: { DEMO_PAGE: 'on' } });
  const folder = new URL('demo-page/', import.meta.url);
  const modules = (await readdir(folder)).filter((name) => name.endsWith('.mjs'));
  const imported = modules.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/from '\.\/([^']+)'/g)].map(([, file]) => file ?? ''),
  );
  expect(new Set([...imported, 'page.mjs'])).toEqual(new Set(modules));
  for (const name of modules)
    expect((await get(`/demo/${name}`))?.headers['content-type'], name).toContain('text/javascript');
});

test('a clip has at most 60 kB, in both formats for each length', async () => {
  const folder = new URL('demo-page/clips/', import.meta.url);
  const clips = (await readdir(folder)).filter((name) => name !== 'make.sh');
  expect(clips.toSorted()).toEqual([15, 20, 30, 60].flatMap((seconds) => [`${seconds}s.mp4`, `${seconds}s.webm`]));
  for (const clip of clips) expect(statSync(new URL(clip, folder)).size, clip).toBeLessThanOrEqual(60_000);
});
