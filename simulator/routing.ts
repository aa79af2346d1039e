import type { Call } from './call.ts';
import { unitOf } from './random.ts';

/**
 * Spreads calls over the addresses of one service, as a load balancer would: a call may go to each of them, wherever its
 * tracking URL leads, and the next attempt to another. With one address nothing changes.
 */
export function routeOver(urls: readonly string[]): (call: Call) => Call {
  if (urls.length < 2) return (call) => call;
  return (call) => {
    const from = urls.find((url) => call.url.startsWith(`${url}/`));
    const key = `${call.cb ?? call.requestId ?? ''} ${call.visit?.ordinal ?? ''} ${call.payload?.length ?? ''}`;
    const at = Math.floor(unitOf(key) * urls.length) + call.attempt - 1;
    const to = urls[at % urls.length];
    return from === undefined || to === undefined ? call : { ...call, url: to + call.url.slice(from.length) };
  };
}
