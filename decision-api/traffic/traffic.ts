import type { ScopedIdentity } from '../../domain/request.ts';
import type { Config } from '../../engines/config.ts';
import { pseudonym } from '../../engines/pseudonym.ts';
import type { AdBeacon } from '../../schemas/records.ts';
import { isTool } from './agents.ts';
import type { ListsFile } from './lists.ts';
import { Rates } from './rates.ts';
import { impossible, Sequences } from './sequence.ts';

/** Why a request or beacon is general invalid traffic. It is kept and answered like any other, and never billed. */
export type InvalidReason = 'test' | 'bad_device' | 'bot' | 'data_centre' | 'rate' | 'before_request' | 'too_fast';

/** The viewer's address and program, as far as they are believed; null: not known, or not the viewer's. */
export interface Origin {
  readonly address: string | null;
  readonly userAgent: string | null;
}

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

type Rules = Pick<Config, 'playbackSpeed' | 'viewerRequestsMax' | 'viewerBeaconsMax'>;

/** Decides at receipt, once: what it says is written into the record, and every reader takes it from there. */
export class Traffic {
  readonly #lists: ListsFile;
  readonly #rules: Rules;
  readonly #peppers: () => readonly string[];
  readonly #requests = new Rates();
  readonly #beacons = new Rates();
  readonly #sequences = new Sequences();
  /** Pseudonyms of the bad devices, and of what they were made. */
  #hashed: { readonly of: ReadonlySet<string>; readonly pepper: string; readonly hashes: ReadonlySet<string> } | null =
    null;

  constructor(lists: ListsFile, rules: Rules, peppers: () => readonly string[]) {
    this.#lists = lists;
    this.#rules = rules;
    this.#peppers = peppers;
  }

  /** `ids`: what the request says of the device, as it came; they are looked up and not kept. */
  request(
    origin: Origin,
    ids: readonly (string | null | undefined)[],
    identities: readonly ScopedIdentity[],
    viewer: string,
    at: number,
  ): InvalidReason | null {
    const { badDevices } = this.#lists.current;
    const many = this.#requests.count(viewer, at) > this.#rules.viewerRequestsMax;
    if (badDevices.size > 0 && ids.some((id) => typeof id === 'string' && badDevices.has(id))) return 'bad_device';
    if (this.#isBad(identities, viewer)) return 'bad_device';
    return this.#byOrigin(origin) ?? (many ? 'rate' : null);
  }

  /** `decided`: what was said of its request; it travels in the token. */
  beacon(origin: Origin, beacon: AdBeacon, decided: string | null): string | null {
    const { playbackSpeed, viewerBeaconsMax } = this.#rules;
    const many = this.#beacons.count(beacon.viewer, beacon.received_at) > viewerBeaconsMax;
    const tooFast = this.#sequences.tooFast(beacon, playbackSpeed);
    if (decided !== null) return decided;
    if (this.#isBad(beacon.identities, beacon.viewer)) return 'bad_device';
    // That an ad was not used is told by servers too, such as an exchange's, and nobody is paid for it.
    const stranger = beacon.event === 'notUsed' ? null : this.#byOrigin(origin);
    const wrong = stranger ?? impossible(beacon, playbackSpeed);
    if (wrong !== null) return wrong;
    if (tooFast) return 'too_fast';
    return many ? 'rate' : null;
  }

  /** Of what has no viewer: a conversion, or who asks for one. */
  byOrigin(origin: Origin): InvalidReason | null {
    return this.#byOrigin(origin);
  }

  #byOrigin({ address, userAgent }: Origin): InvalidReason | null {
    const { agents, dataCentres } = this.#lists.current;
    const own = address !== null && loopback.has(address);
    if (userAgent !== null && agents.isRobot(userAgent) && !(own && isTool(userAgent))) return 'bot';
    return dataCentres.has(address) ? 'data_centre' : null;
  }

  #isBad(identities: readonly { readonly hash: string }[], viewer: string): boolean {
    const { badDevices } = this.#lists.current;
    if (badDevices.size === 0) return false;
    const hashes = this.#hashes(badDevices);
    return hashes.has(viewer) || identities.some(({ hash }) => hashes.has(hash));
  }

  #hashes(of: ReadonlySet<string>): ReadonlySet<string> {
    const peppers = this.#peppers();
    const pepper = peppers.join(' ');
    if (this.#hashed?.of !== of || this.#hashed.pepper !== pepper) {
      const hashes = new Set<string>();
      for (const line of of) {
        const [, scope = 'device', id = line] = /^(user|device|household|ip):(.+)$/.exec(line) ?? [];
        for (const each of peppers) hashes.add(pseudonym(each, scope, id));
      }
      this.#hashed = { of, pepper, hashes };
    }
    return this.#hashed.hashes;
  }
}
