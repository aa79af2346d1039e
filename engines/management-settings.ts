/** What management alone is told, and where others find it. */
export interface ManagementSettings {
  /** Whether strangers may make themselves a user, as the MVP let them. */
  readonly registration: 'open' | 'closed';
  /** host:port of webhooks inside this network that alerts may be sent to, over plain HTTP too. */
  readonly webhookHosts: readonly string[];
  /** Whether third parties' tags that are to be unwrapped are asked at all. */
  readonly unwrap: boolean;
  /** host:port inside this network that tags may lead to, over plain HTTP too. */
  readonly unwrapHosts: readonly string[];
  /** Where management answers: commands ask there (null: as DATA_DIR says), decision APIs pass on to it (null: they do not; `local`: as DATA_DIR says). */
  readonly managementUrl: string | null;
  /** A key of it, for commands; null: as DATA_DIR says. */
  readonly managementKey: string | null;
  /** Whose X-Forwarded-For management believes: addresses, networks, or loopback, linklocal, uniquelocal. */
  readonly trustedProxies: string;
  readonly media: MediaSettings;
}

/** Creatives' files. */
export interface MediaSettings {
  /** s3+https://host/bucket[/prefix][?region=…]; null: DATA_DIR/media. */
  readonly store: string | null;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** How their public URLs begin; null: as management or the bucket has it. */
  readonly publicUrl: string | null;
  /** The largest upload. */
  readonly bytes: number;
}

/** The readers of engines/config.ts, which alone sees the environment. */
export interface Readers {
  readonly text: (name: string) => string | null;
  /** `expected`: told where `parse` does not take the value. What it makes of the value must hold no secret. */
  readonly read: <T>(
    name: string,
    fallback: T,
    expected: string | ((value: string) => string),
    parse: (value: string) => T | undefined,
  ) => T;
  readonly url: (name: string, ...schemes: string[]) => string | null;
  readonly size: (name: string, fallback: string) => number;
}

export function managementSettings({ text, read, url, size }: Readers): ManagementSettings {
  // On one machine as the MVP had it; where several serve, somebody has to want it.
  const registration = text('EVENT_LOG') || text('STATE_STORE') ? 'closed' : 'open';
  return {
    registration: read('REGISTRATION', registration, 'open or closed', (value) =>
      value === 'open' || value === 'closed' ? value : undefined,
    ),
    webhookHosts: read<readonly string[]>('WEBHOOK_HOSTS', [], 'host:port with commas between', parseHosts),
    unwrap: read('UNWRAP', true, 'on or off', (value) => ({ on: true, off: false })[value]),
    unwrapHosts: read<readonly string[]>('UNWRAP_HOSTS', [], 'host:port with commas between', parseHosts),
    managementKey: text('MANAGEMENT_KEY'),
    managementUrl: read('MANAGEMENT_URL', null, 'a URL beginning with http:// or https://, or local', (value) =>
      value === 'local' || (/^https?:\/\//.test(value) && URL.canParse(value)) ? value.replace(/\/+$/, '') : undefined,
    ),
    trustedProxies: read('TRUSTED_PROXIES', 'loopback', 'addresses or networks with commas between', (value) =>
      /^([0-9a-f.:]+(\/\d{1,3})?|loopback|linklocal|uniquelocal)(, ?([0-9a-f.:]+(\/\d{1,3})?|loopback|linklocal|uniquelocal))*$/i.test(
        value,
      )
        ? value
        : undefined,
    ),
    media: {
      store: read('MEDIA_STORE', null, 's3+https://host/bucket', (value) =>
        /^s3\+https?:\/\/[^/]+\/[^/?]+/.test(value) && URL.canParse(value.slice(3)) ? value : undefined,
      ),
      accessKeyId: text('S3_ACCESS_KEY_ID') ?? '',
      secretAccessKey: text('S3_SECRET_ACCESS_KEY') ?? '',
      publicUrl: url('MEDIA_URL', 'http://', 'https://')?.replace(/\/+$/, '') ?? null,
      bytes: size('MEDIA_MAX', '512MiB'),
    },
  };
}

function parseHosts(text: string): readonly string[] | undefined {
  const hosts = text.split(',').map((host) => host.trim());
  return hosts.every((host) => /^[\w.-]+:\d{1,5}$/.test(host)) ? hosts : undefined;
}
