import { EngineError } from '../errors.ts';

/** What a STATE_STORE URL says. */
export interface RedisPlace {
  readonly cluster: boolean;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | null;
  readonly password: string | null;
  /** Always 0 in a cluster. */
  readonly db: number;
  readonly tls: boolean;
}

const SCHEMES: Readonly<Record<string, { readonly cluster: boolean; readonly tls: boolean }>> = {
  redis: { cluster: false, tls: false },
  rediss: { cluster: false, tls: true },
  'redis+cluster': { cluster: true, tls: false },
  'rediss+cluster': { cluster: true, tls: true },
};

const SHAPE = /^([a-z+]+):\/\/(?:([^@/]*)@)?([^@/]+)(?:\/(\d*))?$/;

/**
 * `redis://[user:pass@]host:port/db`, `rediss://` with TLS, `redis+cluster://h1:p1,h2:p2` and `rediss+cluster://`.
 * Anything else: EngineError `misconfigured`, which does not repeat the URL, because it may hold a password.
 */
export function parseRedisUrl(url: string): RedisPlace {
  const [, scheme = '', credentials, hosts = '', db = ''] = SHAPE.exec(url) ?? [];
  const kind = SCHEMES[scheme];
  if (!kind) throw wrong('expected redis://, rediss://, redis+cluster:// or rediss+cluster:// and host:port');
  const nodes = hosts.split(',').map(parseNode);
  if (!kind.cluster && nodes.length > 1) throw wrong('several hosts need redis+cluster://');
  if (kind.cluster && Number(db) > 0) throw wrong('a cluster has only database 0');
  const [username, ...rest] = (credentials ?? '').split(':');
  return {
    ...kind,
    nodes,
    username: username ? decoded(username) : null,
    password: rest.length > 0 ? decoded(rest.join(':')) : null,
    db: Number(db),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('user and password are not percent-encoded');
  }
}

function parseNode(text: string): { host: string; port: number } {
  const [, host = '', port = '6379'] = /^(\[[0-9a-f:]+\]|[^:]+)(?::(\d+))?$/i.exec(text) ?? [];
  if (host === '' || Number(port) < 1 || Number(port) > 65535) throw wrong('a host is missing or its port is no port');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function wrong(detail: string): EngineError {
  return new EngineError('misconfigured', `the Redis URL: ${detail}`);
}
