import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { startDecisionApi } from '../decision-api/main.ts';
import { openHouse, testCampaign } from '../decision-api/test-house.ts';
import { traceRequest } from './trace.ts';

test('a request id is found in the log lines, in the request record and in its beacons, and nowhere else', async () => {
  const house = await openHouse([testCampaign()]);
  const lines: { readonly msg: string; readonly request_id: string; readonly ad_id?: string }[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const catalog = {
    snapshot: async () => ({ campaigns: [testCampaign()], pods: [] }),
  } as unknown as Parameters<typeof startDecisionApi>[0]['catalog'];
  const logger = pino({ level: 'debug' }, sink);
  const api = await startDecisionApi({ ...house, catalog, logger });
  try {
    await api.ready();
    const ask = async (request_id: string) => {
      const payload = { request_id, pod_duration: 30, user: { id: request_id } };
      return (await api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload })).json();
    };
    const { pod } = await ask('followed');
    await ask('another');
    const { tracking, ad_id } = pod.ads[0];
    for (const event of ['impression', 'complete', 'complete']) {
      const url = new URL(tracking[event]);
      await api.app.inject(url.pathname + url.search);
    }
    const found = await traceRequest(house.log, 'followed');
    expect(found.map(({ topic }) => topic)).toEqual(['ad-requests', 'ad-beacons', 'ad-beacons', 'ad-beacons']);
    expect(found.map(({ record }) => record.request_id)).toEqual(Array(4).fill('followed'));
    expect(new Set(found.map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`)).size).toBe(4);
    expect(await traceRequest(house.log, 'unheard of')).toEqual([]);

    const payload = { request_id: 'stream', breaks: [{ pod_duration: 30 }, { id: 'b', pod_duration: 30 }] };
    const { breaks } = (await api.app.inject({ method: 'POST', url: '/api/v2/ad-request', payload })).json();
    const shown = new URL(breaks[1].pod.ads[0].tracking.impression);
    await api.app.inject(shown.pathname + shown.search);
    // Called like a pod, and none.
    await ask('stream/c');
    const pods = await traceRequest(house.log, 'stream');
    expect(pods.map(({ topic, record }) => [topic, record.request_id])).toEqual([
      ['ad-requests', 'stream/0'],
      ['ad-requests', 'stream/b'],
      ['ad-beacons', 'stream/b'],
    ]);
    expect(await traceRequest(house.log, 'stream/b')).toEqual(pods.slice(1));

    const told = lines.filter(({ request_id }) => request_id === 'followed');
    expect(told.map(({ msg }) => msg)).toEqual(['answered', 'beacon', 'beacon', 'beacon']);
    expect(told.slice(1).map((line) => line.ad_id)).toEqual(Array(3).fill(ad_id));
    expect(lines.filter(({ request_id }) => request_id === 'another')).toHaveLength(1);
  } finally {
    await api.close();
    await house.close();
  }
});
