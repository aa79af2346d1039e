import type { Campaign } from '../../domain/campaign.ts';
import { applied } from '../../domain/optimisation/change.ts';
import type { Change } from '../../domain/optimisation/recommendation.ts';
import { capShown } from '../routes/frequency-cap.ts';

/** The call of this API that makes the change. */
export interface ChangeRequest {
  readonly method: 'PATCH' | 'PUT' | 'POST';
  readonly path: string;
  /** Null: the call names no version. */
  readonly if_match: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How a caller makes a change of the campaign as it is in this version. */
export function requestOf(campaign: Campaign, change: Change): ChangeRequest {
  const if_match = `"${campaign.version}"`;
  const base = `/api/v2/campaigns/${campaign.id}`;
  switch (change.field) {
    case 'price': {
      const { model } = campaign.pricing;
      const rate_micros = change.priceMicros * (model === 'cpm' ? 1_000 : 1);
      return { method: 'PATCH', path: base, if_match, body: { pricing: { model, rate_micros } } };
    }
    case 'pacing_mode': {
      const curve = campaign.pacingCurve ? { pacing_curve: null } : {};
      return { method: 'PATCH', path: base, if_match, body: { pacing_mode: change.mode, ...curve } };
    }
    case 'ends_at':
      return { method: 'PATCH', path: base, if_match, body: { ends_at: new Date(change.endsAt).toISOString() } };
    case 'cap': {
      const caps = applied(campaign, change, () => '').caps.map(capShown);
      return { method: 'PUT', path: `${base}/frequency-cap`, if_match, body: { caps } };
    }
    case 'targeting': {
      const rules = change.rules.map((conditions) => ({ conditions }));
      return { method: 'PUT', path: `${base}/targeting`, if_match, body: { rules } };
    }
    case 'creative_status': {
      const path = `/api/v2/creatives/${change.creativeId}`;
      return { method: 'PATCH', path, if_match, body: { status: change.status } };
    }
  }
}
