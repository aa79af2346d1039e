/** What management alone is told, and where others find it. */
export interface ManagementSettings {
  /** Whether strangers may make themselves a user, as the MVP let them. */
  readonly registration: 'open' | 'closed';
  /** host:port of webhooks inside this network that alerts may be sent to, over plain HTTP too. */
  readonly webhookHosts: readonly string[];
  /** For commands that ask the management API: where it answers, and a key of it; null: as DATA_DIR says. */
  readonly managementUrl: string | null;
  readonly managementKey: string | null;
}

/** The readers of engines/config.ts, which alone sees the environment. */
export interface Readers {
  readonly text: (name: string) => string | null;
  readonly read: <T>(name: string, fallback: T, expected: string, parse: (value: string) => T | undefined) => T;
  readonly url: (name: string, ...schemes: string[]) => string | null;
  readonly size: (name: string, fallback: string) => number;
}

export function managementSettings({ text, read, url }: Readers): ManagementSettings {
  // On one machine as the MVP had it; where several serve, somebody has to want it.
  const registration = text('EVENT_LOG') || text('STATE_STORE') ? 'closed' : 'open';
  return {
    registration: read('REGISTRATION', registration, 'open or closed', (value) =>
      value === 'open' || value === 'closed' ? value : undefined,
    ),
    webhookHosts: read<readonly string[]>('WEBHOOK_HOSTS', [], 'host:port with commas between', parseHosts),
    managementUrl: url('MANAGEMENT_URL', 'http://', 'https://'),
    managementKey: text('MANAGEMENT_KEY'),
  };
}

function parseHosts(text: string): readonly string[] | undefined {
  const hosts = text.split(',').map((host) => host.trim());
  return hosts.every((host) => /^[\w.-]+:\d{1,5}$/.test(host)) ? hosts : undefined;
}
