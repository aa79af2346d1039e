import { systemClock } from '../../engines/clock.ts';
import { openDesk, openExperimentsOf } from '../../engines/open.ts';
import { systemRandom } from '../../engines/random.ts';
import { administerKey } from '../../management-api/access/administer.ts';
import { administerExperiment } from '../../management-api/experiments/administer.ts';
import type { ReadOut } from '../../management-api/experiments/read-out.ts';
import type { AdRequest } from '../../schemas/records.ts';
import { namedUuid } from './named-uuid.ts';
import type { WebhookListener } from './webhook-listener.ts';

/** The campaign that holds itself back until a recommendation lets it go. */
const slowStarter = namedUuid('campaign Slow starter');
export const experimentName = 'Price alone';
const experimentArms = [
  { name: 'as always', weight: 1 },
  { name: 'price alone', weight: 1, qualityPercent: 0 },
] as const;

/** What the experiment makes of a score, for whoever recounts it. */
export const experimentWeights = {
  name: experimentName,
  arms: experimentArms.map((arm) => ({
    name: arm.name,
    quality_percent: 'qualityPercent' in arm ? arm.qualityPercent : 100,
    shadow_price_percent: 100,
  })),
};
const POLL_MS = 1_000;
/** From this share of the traffic on, what is recommended is applied. */
const APPLY_FROM = 0.35;
const CLEAR_PATIENCE_MS = 20_000;

/** What steering did in a run, as the API tells it. */
export interface Steered {
  readonly recommendation: {
    readonly kind: string;
    readonly why: string;
    readonly expected: unknown;
    readonly appliedAt: number;
  } | null;
  readonly alert: {
    readonly rule: string;
    readonly raised: number;
    readonly cleared: number;
    readonly webhooks: number;
    readonly webhooks_genuine: boolean;
  } | null;
  readonly experiment: ReadOut | null;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Advice {
  readonly kind: string;
  readonly why: string;
  readonly effect: unknown;
  readonly change: {
    readonly method: string;
    readonly path: string;
    readonly if_match: string | null;
    readonly body: unknown;
  };
}

/** Uses the management API beside the traffic as its users do: an alert with a webhook, a recommendation, a read-out. */
export class Steering {
  readonly #url: string;
  readonly #key: string;
  readonly #listener: WebhookListener;
  readonly #report: (line: string) => void;
  #rule: { readonly id: string; readonly name: string; readonly secret: string } | null = null;
  #recommendation: Steered['recommendation'] = null;
  #stopped = false;
  #following: Promise<void> = Promise.resolve();

  private constructor(url: string, key: string, listener: WebhookListener, report: (line: string) => void) {
    this.#url = url;
    this.#key = key;
    this.#listener = listener;
    this.#report = report;
  }

  /** Defines the alert, and begins to look for recommendations when part of the traffic has passed. */
  static async begin(
    house: { readonly management: string; readonly catalogUrl: string },
    listener: WebhookListener,
    forMs: number,
    report: (line: string) => void,
  ): Promise<Steering> {
    const clock = systemClock();
    const desk = await openDesk(house.catalogUrl, null);
    const parts = { desk, clock, random: systemRandom(clock) };
    const key = await administerKey(parts, { name: 'demo', role: 'manager' }).finally(() => desk.close());
    const steering = new Steering(house.management, key, listener, report);
    await steering.#defineAlert();
    steering.#following = steering.#follow(clock.now() + forMs * APPLY_FROM);
    return steering;
  }

  /** When the traffic has settled: waits for the alert to be cleared, then reads everything out. */
  async finish(): Promise<Steered> {
    this.#stopped = true;
    await this.#following;
    return { recommendation: this.#recommendation, alert: await this.#alert(), experiment: await this.#readOut() };
  }

  async #defineAlert(): Promise<void> {
    const rule = {
      name: 'The warehouse is behind',
      measure: 'lag',
      comparison: 'above',
      threshold: 3,
      clear_threshold: 0,
    };
    const { status, body } = await this.#ask('POST', '/api/v2/alerts/rules', {
      ...rule,
      webhook_url: this.#listener.url,
    });
    if (status !== 201) return this.#report(`the alert was refused: ${status}`);
    this.#rule = { id: String(body.id), name: rule.name, secret: String(body.webhook_secret) };
  }

  async #follow(from: number): Promise<void> {
    const clock = systemClock();
    while (!this.#stopped && this.#recommendation === null) {
      await clock.sleep(POLL_MS);
      if (clock.now() < from) continue;
      const { status, body } = await this.#ask(
        'GET',
        `/api/v2/optimization/recommendations?kind=under_delivery&campaign_id=${slowStarter}`,
      );
      const [advice] = status === 200 ? (body.items as Advice[]) : [];
      if (advice === undefined) continue;
      const { method, path, if_match, body: change } = advice.change;
      const applied = await this.#ask(method, path, change, if_match);
      if (applied.status !== 200) continue;
      this.#recommendation = { kind: advice.kind, why: advice.why, expected: advice.effect, appliedAt: clock.now() };
      this.#report(`recommended and applied: ${advice.kind}. ${advice.why}`);
    }
  }

  async #alert(): Promise<Steered['alert']> {
    if (this.#rule === null) return null;
    const { id, name, secret } = this.#rule;
    const clock = systemClock();
    const giveUpAt = clock.now() + CLEAR_PATIENCE_MS;
    for (;;) {
      const { body } = await this.#ask('GET', `/api/v2/alerts/events?rule_id=${id}&limit=500`);
      const states = (body.items as { state: string }[] | undefined)?.map(({ state }) => state) ?? [];
      const count = (state: string) => states.filter((one) => one === state).length;
      const { states: heard, genuine } = this.#listener.heard(secret);
      const done = count('raised') === count('cleared') && heard.length === states.length;
      if (done || clock.now() > giveUpAt) {
        const webhooks = heard.length;
        return { rule: name, raised: count('raised'), cleared: count('cleared'), webhooks, webhooks_genuine: genuine };
      }
      await clock.sleep(POLL_MS);
    }
  }

  async #readOut(): Promise<ReadOut | null> {
    const listed = await this.#ask('GET', '/api/v2/experiments');
    const found = (listed.body.items as { id: string; name: string }[] | undefined)?.find(
      ({ name }) => name === experimentName,
    );
    if (found === undefined) return null;
    const { status, body } = await this.#ask('GET', `/api/v2/experiments/${found.id}/read-out`);
    return status === 200 ? (body as unknown as ReadOut) : null;
  }

  async #ask(method: string, path: string, body?: unknown, ifMatch: string | null = null): Promise<Answer> {
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        signal: AbortSignal.timeout(10_000),
        headers: {
          authorization: `Bearer ${this.#key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(ifMatch === null ? {} : { 'if-match': ifMatch }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
    } catch (error) {
      this.#report(`management did not answer: ${error instanceof Error ? error.message : String(error)}`);
      return { status: 0, body: {} };
    }
  }
}

/** Half of the viewers are decided for by price alone, whatever the quality of ads. */
export async function putExperiment(catalogUrl: string): Promise<void> {
  const experiments = openExperimentsOf(catalogUrl);
  try {
    const wanted = { name: experimentName, status: 'running' as const, arms: [...experimentArms] };
    await administerExperiment(experiments, wanted, systemClock());
  } finally {
    await experiments.close();
  }
}

/** What the applied recommendation did: of the requests before and after, in how many the campaign was served. */
export function effectOf(steered: Steered | null, requests: readonly AdRequest[]): Record<string, unknown> | null {
  if (steered?.recommendation == null) return null;
  const { kind, appliedAt, expected } = steered.recommendation;
  const served = (of: readonly AdRequest[]) => {
    const times = of.filter(({ ads }) => ads.some(({ campaign }) => campaign === slowStarter)).length;
    return {
      requests: of.length,
      served: times,
      share: of.length === 0 ? null : Math.round((times / of.length) * 1e4) / 1e4,
    };
  };
  return {
    kind,
    applied_at: appliedAt,
    expected,
    before: served(requests.filter(({ received_at }) => received_at < appliedAt)),
    after: served(requests.filter(({ received_at }) => received_at >= appliedAt)),
  };
}
