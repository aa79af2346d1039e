import { timingSafeEqual } from 'node:crypto';
import type { ScopedIdentity } from '../../domain/request.ts';
import { addressOf, pseudonym } from '../../engines/pseudonym.ts';
import type { SecretRing } from '../../engines/secret-ring.ts';
import type { Conversion } from '../../schemas/records.ts';

/** A conversion as it came, checked. */
export interface ConversionSaid {
  readonly conversion_id: string;
  readonly advertiser_id: string;
  readonly type: string;
  readonly value_micros?: number | undefined;
  readonly ad_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly household_id?: string | undefined;
  readonly device_id?: string | undefined;
  readonly ip?: string | undefined;
  readonly occurredAt: number;
  readonly receivedAt: number;
  readonly source: 'server' | 'pixel';
  readonly invalid: string | null;
  /** False: who converted is not kept. */
  readonly consent: boolean;
}

type Peppers = Pick<SecretRing, 'pepper' | 'peppersBefore'>;

/** The log's record: ids under every pseudonym that is read. Its viewer is the user, else the device, household, address, or nobody. */
export function conversionOf(said: ConversionSaid, arrivalId: string, peppers: Peppers): Conversion {
  const { user_id, device_id, household_id, ip } = said;
  const ids = [
    ['user', user_id],
    ['device', device_id],
    ['household', household_id],
    ['ip', addressOf(ip ?? null) ?? undefined],
  ] as const;
  const identities = [...peppers.peppersBefore, peppers.pepper].flatMap((pepper) =>
    ids.flatMap(([scope, id]): ScopedIdentity[] =>
      id === undefined || !said.consent ? [] : [{ scope, hash: pseudonym(pepper, scope, id) }],
    ),
  );
  const nobody = pseudonym(peppers.pepper, 'conversion', `${said.advertiser_id}:${said.conversion_id}`);
  const own = identities.slice(-identities.length / (peppers.peppersBefore.length + 1));
  return {
    arrival_id: arrivalId,
    conversion_id: said.conversion_id,
    received_at: said.receivedAt,
    occurred_at: said.occurredAt,
    viewer: own[0]?.hash ?? nobody,
    advertiser: said.advertiser_id,
    type: said.type,
    value_micros: said.value_micros ?? 0,
    source: said.source,
    identities,
    reservation: said.ad_id ?? null,
    invalid: said.invalid,
  };
}

/** `<advertiser>.<signature>`: goes into the pages of this advertiser, and says that it is from there. */
export function pixelToken(advertiserId: string, pepper: string): string {
  return `${advertiserId}.${pseudonym(pepper, 'conversion-pixel', advertiserId)}`;
}

/** The advertiser that a pixel's token is signed for; null: nobody's. */
export function isPixelOf(token: string, { pepper, peppersBefore }: Peppers): string | null {
  const [advertiser = ''] = token.split('.', 1);
  const given = Buffer.from(token);
  for (const each of [pepper, ...peppersBefore]) {
    const wanted = Buffer.from(pixelToken(advertiser, each));
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return advertiser;
  }
  return null;
}
