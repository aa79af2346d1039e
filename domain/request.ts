/** What is known of the moment that asks for ads, already normalised. Unknown is null. */
export interface Context {
  /** ISO 3166-1 alpha-2, upper case; UK is read as GB. */
  readonly country: string | null;
  /** ISO 3166-2, "US-CA". */
  readonly region: string | null;
  readonly city: string | null;
  /** Nielsen DMA code, "803". */
  readonly dma: string | null;
  readonly deviceType: string | null;
  readonly os: string | null;
  readonly brand: string | null;
  /** As the request has it, in its normal form. */
  readonly contentCategory: string | null;
  /** What the request names beside it, in the same form. */
  readonly otherCategories: readonly string[];
  /** Those categories and all above them in the content taxonomy, each by id and by name. */
  readonly contentCategories: readonly string[];
  /** Sensitive categories that the content may have as far as anybody knows. */
  readonly contentDoubts: readonly string[];
  readonly contentGenre: string | null;
  readonly contentRating: string | null;
  readonly age: number | null;
  readonly gender: string | null;
  /** Per year, whole currency units. */
  readonly householdIncome: number | null;
  /** IANA name; null: the campaign's zone is used. */
  readonly timeZone: string | null;
  /** What dimensions read of request fields of their own, by dimension. */
  readonly more: Readonly<Record<string, string>>;
  /** Epoch ms of the decision. */
  readonly at: number;
}

/** A pseudonym under which views are counted. `hash` is an HMAC in 22 base64url characters. */
export interface ScopedIdentity {
  readonly scope: string;
  readonly hash: string;
}

/** Whether a decision is one of a request's breaks: each is logged as `<request_id>/<break_id>`. */
export function isPodOf(
  pod: { readonly request_id: string; readonly break_id: string | null },
  requestId: string,
): boolean {
  return pod.break_id !== null && pod.request_id === `${requestId}/${pod.break_id}`;
}
