import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What to do with the nth call (from 1) of a path: nothing to say means answer it. */
export type Disturb = (path: string, nth: number) => 'drop' | 'unavailable' | null;

export interface StubServer {
  readonly url: string;
  /** cb of each beacon that was answered, in order, forged ones too. */
  readonly cbs: string[];
  /** request_id of each sound ad-request, in order. */
  readonly requestIds: string[];
  /** Each time at which the clock was put. */
  readonly moves: number[];
  close(): Promise<void>;
}

/** A stand-in for the ad server, in tests only: two ads for every sound request, no rules. Its clock moves as it is told. */
export async function startStubServer(startMs: number, port = 0, disturb: Disturb = () => null): Promise<StubServer> {
  const seen = { cbs: [] as string[], requestIds: [] as string[], moves: [] as number[] };
  const bodies = new Map<string, string>();
  let now = startMs;
  let calls = 0;
  let url = '';
  const server = createServer(async (request, response) => {
    const text = await read(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    if (pathname === '/clock') {
      if (request.method === 'POST') {
        now = JSON.parse(text).now;
        seen.moves.push(now);
      }
      return answer(response, 200, { now });
    }
    const trouble = disturb(pathname, ++calls);
    if (trouble === 'drop') return request.socket.destroy();
    if (trouble === 'unavailable') return answer(response, 503, { title: 'away' }, { 'retry-after': '1' });
    if (pathname === '/api/v2/ad-request') return decide(response, text, url, bodies, seen.requestIds);
    if (request.method === 'POST') {
      const { beacons } = JSON.parse(text);
      for (const one of beacons) seen.cbs.push(one.cb ?? new URL(one.url).searchParams.get('cb'));
      return answer(response, 202, { received: beacons.length });
    }
    seen.cbs.push(searchParams.get('cb') ?? '');
    return answer(response, pathname.endsWith('/click') ? 302 : 200, {});
  });
  server.listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, ...seen, close };
}

const EVENTS =
  'impression start firstQuartile midpoint thirdQuartile complete click mute unmute pause resume skip error notUsed'.split(
    ' ',
  );

function decide(
  response: ServerResponse,
  text: string,
  url: string,
  bodies: Map<string, string>,
  requestIds: string[],
) {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(text);
  } catch {
    return answer(response, 400, { title: 'no JSON' });
  }
  const pod = body.pod as { duration_seconds: number } | undefined;
  const seconds = pod?.duration_seconds ?? body.pod_duration;
  const id = body.request_id;
  const sound = typeof seconds === 'number' && seconds >= 1 && seconds <= 3600 && body.max_ads !== 31;
  if (!sound || typeof id !== 'string' || typeof body.user === 'string') return answer(response, 400, { title: 'bad' });
  if ((bodies.get(id) ?? text) !== text) return answer(response, 409, { title: 'another body' });
  bodies.set(id, text);
  requestIds.push(id);
  const ads = [0, 1].map((index) => ({
    ad_id: `${id}-ad${index}`,
    creative_id: `creative-${(id.length + id.charCodeAt(id.length - 1) + index) % 7}`,
    position: index + 1,
    start_seconds: index * 15,
    duration_seconds: 15,
    tracking: Object.fromEntries(
      EVENTS.map((event) => [
        event,
        `${url}/api/v2/beacons/${event}?t=k1.${Buffer.from(`${id}${index}`).toString('base64url')}.Qk9HVVNTSUdOQVRVUkUx&cb=[CACHEBUSTING]${event === 'error' ? '&code=[ERRORCODE]' : ''}`,
      ]),
    ),
  }));
  return answer(response, 200, { request_id: id, pod: { duration_seconds: seconds, filled_seconds: 30, ads } });
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
