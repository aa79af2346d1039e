import { connect } from 'node:net';

/** Bytes that no client library sends. Each with the key in place of KEY. */
const scripts: readonly string[] = [
  'GET /api/v2/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nX-Junk: a\u0000b\r\n\r\n',
  'GET /api/v2/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n folded: yes\r\n\r\n',
  'GET /api/v2/campaigns HTTP/1.1\r\nAuthorization: Bearer KEY\r\n\r\n',
  'GET /api/v2/campaigns HTTP/3.9\r\nHost: x\r\n\r\n',
  'GARBAGE\r\n\r\n',
  '\r\n\r\n\r\n',
  'GET http://[::1/api/v2/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n',
  'GET /api/v2/campaigns?limit=\u00ff HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Length: -5\r\n\r\n{}',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nTransfer-Encoding: nonsense\r\n\r\n{}',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nExpect: the-unexpected\r\nContent-Length: 2\r\n\r\n{}',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{}',
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET /api/v2/campaigns HTTP/1.1\r\nHost: x\r\n${'X-Many: 1\r\n'.repeat(3_000)}\r\n`,
  'TRACE /api/v2/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'POST /api/v2/pods HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\nContent-Length: 40\r\n\r\n{"name":"half',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer KEY\r\n\r\n',
];

/** Sends each over a socket of its own; answers the status lines that came back, null where the server hung up without one. */
export async function speakJunk(base: string, key: string): Promise<readonly (number | null)[]> {
  const { hostname, port } = new URL(base);
  return await Promise.all(scripts.map((script) => statusOf(hostname, Number(port), script.replaceAll('KEY', key))));
}

function statusOf(host: string, port: number, script: string): Promise<number | null> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ host, port }, () => socket.end(Buffer.from(script, 'latin1')));
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.[01] (\d{3})/.exec(said)?.[1] ?? 0) || null));
  });
}
