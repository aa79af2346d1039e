import { expect, onTestFinished, test, vi } from 'vitest';
import { HOUSE_ORGANISATION } from '../../domain/organisation.ts';
import { keys } from '../../engines/state-store/keys.ts';
import { StoreGate } from '../holding/store-gate.ts';
import { openHouse } from '../test-house.ts';
import { nameOf } from './answers.ts';
import { BidFates } from './bid-fate.ts';

test('one of two who settle a bid has it, and says so again', async () => {
  const house = await openHouse([]);
  onTestFinished(() => house.close());
  const gate = new StoreGate(house.store, house.clock, { breakerOpen: { set: () => undefined } } as never);
  const fates = ['told', 'given back', 'told', 'given back'] as const;
  const bidRequest = { requestId: 'contended', organisation: HOUSE_ORGANISATION };
  const [one, other] = [new BidFates(gate), new BidFates(gate)];
  const settle = (of: BidFates) => Promise.all(fates.map((fate) => of.settle(bidRequest, fate)));
  const answers = await settle(one);
  expect(answers[0]).not.toBe(answers[1]);
  expect(answers.slice(2)).toEqual(answers.slice(0, 2));
  expect([await settle(one), await settle(other)]).toEqual([answers, answers]);
  // The store forgets: who settled it does not, and remembers the answer that another instance would have to ask for.
  const key = keys.bidFate(nameOf([bidRequest.requestId], bidRequest.organisation));
  const [entry] = await house.store.read([key]);
  if (entry) await house.store.swap(key, entry, Buffer.from('told'), 1);
  await vi.waitFor(async () => expect((await house.store.read([key]))[0]?.bytes).toBeNull(), 5_000);
  expect(await one.settle(bidRequest, answers[0] ? 'given back' : 'told')).toBe(false);
});
