import type { AdRequestBody } from './ad-request.ts';
import type { Asked } from './asking.ts';
import type { Dialect } from './call.ts';

export interface Malformed extends Asked {
  readonly dialect: Dialect;
  /** False: only oddities that a server must bear, so it answers with a pod. */
  readonly refused: boolean;
}

/** A broken request; `variant` chooses how, so that a run has them all. */
export function malform(variant: number, body: AdRequestBody, spoken: readonly Dialect[]): Malformed {
  const breakages = [...brokenJson(body), ...brokenOthers(body).filter(({ dialect }) => spoken.includes(dialect))];
  return breakages[variant % breakages.length] ?? asText(Buffer.from('{'));
}

function brokenJson(body: AdRequestBody): readonly Malformed[] {
  const rest = without(body, 'pod');
  const badUtf8 = [Buffer.from('{"request_id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('","pod_duration":60}')];
  return [
    asText(Buffer.from(JSON.stringify(body).slice(0, -7))),
    asJson({ ...rest, pod_duration: 0 }),
    asJson({ ...rest, pod_duration: 'ninety' }),
    { ...asJson({ ...body, favourite_colour: 'teal', device: { type: 'smart_tv', smell: 'new' } }), refused: false },
    asJson({ ...rest, pod_duration: 60, max_ads: 31 }),
    asJson({ ...body, user: 'somebody' }),
    asText(Buffer.concat(badUtf8)),
    asJson({ ...rest, pod_duration: -30 }),
    asJson([body]),
    asJson({ ...rest, pod_duration: 3601 }),
  ];
}

/** What is asked for without a video is refused without a word: 204. */
function brokenOthers({ request_id }: AdRequestBody): readonly Malformed[] {
  const get = (dialect: Dialect, query: string): Malformed => ({
    ...{ dialect, method: 'GET', accept: null, body: null, payload: null, seconds: 0, refused: true },
    path: `/api/v2/${dialect}?request_id=${request_id}&${query}`,
  });
  const bid = (imp: readonly object[]): Malformed => ({
    ...asJson({ id: request_id, imp }),
    dialect: 'openrtb',
    path: '/api/v2/openrtb',
  });
  return [
    get('vast', 'pod_duration=ninety'),
    bid([]),
    get('vmap', 'pod_duration=30&breaks=whenever'),
    bid([{ id: '1', banner: { w: 300, h: 250 } }]),
    get('asset-list', 'pod_duration=30&max_ads=31'),
    get('vast', 'pod_duration=30&version=9'),
  ];
}

function without(body: AdRequestBody, ...fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([field]) => !fields.includes(field)));
}

function asJson(body: unknown): Malformed {
  return sent(body, Buffer.from(JSON.stringify(body)));
}

function asText(payload: Buffer): Malformed {
  return sent(payload.toString('utf8'), payload);
}

function sent(body: unknown, payload: Buffer): Malformed {
  const path = '/api/v2/ad-request';
  return { dialect: 'json', method: 'POST', path, accept: null, body, payload, seconds: 0, refused: true };
}
