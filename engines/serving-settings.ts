import { isIP } from 'node:net';
import type { Readers } from './management-settings.ts';

/** What the decision API alone is told: whom it believes, and what it takes for invalid traffic. */
export interface ServingSettings {
  /** Networks whose forwarding headers are believed: CIDRs or addresses. */
  readonly trustedNetworks: readonly string[];
  /** `known`: ad requests need an API key or a trusted network. */
  readonly callers: 'open' | 'known';
  /** Lists in the formats of the industry, read again when they change; null: none. */
  readonly botsFile: string | null;
  readonly browsersFile: string | null;
  readonly dataCentresFile: string | null;
  readonly badDevicesFile: string | null;
  /** How many times faster than life ads may play. More than 1 is for simulated viewers. */
  readonly playbackSpeed: number;
  /** What one viewer may send in a minute; the rest is invalid traffic. */
  readonly viewerRequestsMax: number;
  readonly viewerBeaconsMax: number;
  /** Our number in the IAB's Global Vendor List; null: purpose 1 alone is asked for. */
  readonly tcfVendor: number | null;
  /** Whether /demo/ shows a page that plays pods; null: nobody said, and `up` then shows it. */
  readonly demoPage: boolean | null;
  /** The pepper before PEPPER, read beside it; null: none. */
  readonly pepperBefore: string | null;
  /** A file of token keys and peppers that is read again when it changes; null: secrets.json in the data folder. */
  readonly secretsFile: string | null;
}

export function servingSettings({ text, read }: Pick<Readers, 'text' | 'read'>): ServingSettings {
  const whole = <N extends number | null>(name: string, fallback: N, min: number, max: number) =>
    read<number | N>(name, fallback, `a whole number from ${min} to ${max}`, (value) =>
      /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max ? Number(value) : undefined,
    );
  return {
    trustedNetworks: read<readonly string[]>(
      'TRUSTED_NETWORKS',
      [],
      'networks such as 10.0.0.0/8,2001:db8::/32 with commas between',
      parseNetworks,
    ),
    callers: read('CALLERS', 'open', 'open or known', (value) =>
      value === 'open' || value === 'known' ? value : undefined,
    ),
    botsFile: text('BOTS_FILE'),
    browsersFile: text('BROWSERS_FILE'),
    dataCentresFile: text('DATA_CENTRES_FILE'),
    badDevicesFile: text('BAD_DEVICES_FILE'),
    // Who tries out a house on one machine watches no ad to its end; where several serve, time counts.
    playbackSpeed: read(
      'PLAYBACK_SPEED',
      text('EVENT_LOG') || text('STATE_STORE') ? 1 : 100_000,
      'a number from 1 to 100000',
      (value) => (Number(value) >= 1 && Number(value) <= 100_000 ? Number(value) : undefined),
    ),
    viewerRequestsMax: whole('VIEWER_REQUESTS_MAX', 600, 1, 1_000_000),
    viewerBeaconsMax: whole('VIEWER_BEACONS_MAX', 3_000, 1, 1_000_000),
    tcfVendor: whole('TCF_VENDOR', null, 1, 65_535),
    demoPage: read<boolean | null>('DEMO_PAGE', null, 'on or off', (value) => ({ on: true, off: false })[value]),
    pepperBefore: read('PEPPER_BEFORE', null, '32 characters or more', (value) =>
      value.length >= 32 ? value : undefined,
    ),
    secretsFile: text('SECRETS_FILE'),
  };
}

/** "10.0.0.0/8, ::1" -> its parts. Undefined when one of them is no network. */
function parseNetworks(text: string): readonly string[] | undefined {
  const networks = text.split(',').map((each) => each.trim());
  return networks.every(isNetwork) ? networks : undefined;
}

/** An address, or a CIDR. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
