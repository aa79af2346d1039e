import Type, { type Static } from 'typebox';
import type { Campaign, TargetingRule } from '../../domain/campaign.ts';
import { dimensions } from '../../domain/targeting/dimensions.ts';
import { valueFault } from '../../domain/targeting/write-value.ts';
import { Problem, type Wrong } from '../../engines/http/problem.ts';
import { type CampaignAsk, campaignOf, changeCampaign } from '../campaigns/change.ts';
import { nobodyWarnings } from '../campaigns/check-campaign.ts';
import { limits } from '../limits.ts';
import { route } from '../route.ts';
import { byId, closed, oneOf, uuid, warning } from '../shapes.ts';

const tag = 'targeting';
const names = dimensions.map(({ name }) => name);

export const condition = closed({
  dimension: Type.Unsafe<(typeof names)[number]>(
    Type.Enum(names as string[], {
      description: dimensions
        .map(({ name, doc, example }) => `${name}: ${doc} Such as ${JSON.stringify(example)}.`)
        .join('\n'),
    }),
  ),
  mode: oneOf('include', 'exclude'),
  values: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.valuesOfCondition }),
});

const newRule = closed(
  { conditions: Type.Array(condition, { minItems: 1, maxItems: limits.conditions }) },
  { description: 'all conditions must hold; a campaign matches when any of its rules does, or when it has none' },
);

const newRules = closed({ rules: Type.Array(newRule, { maxItems: limits.rules }) });

const rule = Type.Object({ id: uuid(), conditions: Type.Array(condition) });
const rules = Type.Object({
  campaign_id: uuid(),
  version: Type.Integer(),
  rules: Type.Array(rule),
  warnings: Type.Optional(Type.Array(warning)),
});

const part = { resource: 'targeting', show: (campaign: Campaign) => campaign.targeting };

export const targetingRoutes = [
  route({
    method: 'GET',
    path: '/api/v2/campaigns/:id/targeting',
    tag,
    summary: 'Read the targeting rules',
    scope: 'campaigns:read',
    params: byId,
    answer: rules,
    handle: async (ask) => answered(await ask.read((sql) => campaignOf(sql, ask.params.id), 'fresh')),
  }),

  route({
    method: 'POST',
    path: '/api/v2/campaigns/:id/targeting',
    tag,
    summary: 'Add a rule: an alternative to those there are',
    scope: 'campaigns:write',
    versioned: 'optional',
    params: byId,
    body: newRule,
    answer: rules,
    status: 201,
    refuses: [409, 422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        refuseUnread([ask.body], '');
        const added = { id: parts.random.uuid(), conditions: ask.body.conditions };
        const changed = await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) => {
          if (before.targeting.length >= limits.rules) {
            throw new Problem(409, 'Too many rules', `a campaign has at most ${limits.rules}`);
          }
          return { ...before, targeting: [...before.targeting, added] };
        });
        return answered(changed);
      }),
  }),

  route({
    method: 'PUT',
    path: '/api/v2/campaigns/:id/targeting',
    tag,
    summary: 'Replace all rules; an empty list targets everybody',
    scope: 'campaigns:write',
    params: byId,
    body: newRules,
    answer: rules,
    versioned: true,
    refuses: [422],
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        refuseUnread(ask.body.rules, '/rules/');
        const targeting = ask.body.rules.map(({ conditions }) => ({ id: parts.random.uuid(), conditions }));
        return answered(
          await changeCampaign(ask as CampaignAsk, sql, parts, part, (before) => ({ ...before, targeting })),
        );
      }),
  }),

  route({
    method: 'DELETE',
    path: '/api/v2/campaigns/:id/targeting/:ruleId',
    tag,
    summary: 'Remove a rule; without any the campaign targets everybody',
    scope: 'campaigns:write',
    versioned: 'optional',
    params: closed({ id: uuid(), ruleId: uuid() }),
    handle: (ask, parts) =>
      ask.write(async (sql) => {
        await changeCampaign(ask as unknown as CampaignAsk, sql, parts, part, (before) => {
          const targeting = before.targeting.filter(({ id }) => id !== ask.params.ruleId.toLowerCase());
          if (targeting.length < before.targeting.length) return { ...before, targeting };
          throw new Problem(404, 'Not found', `the campaign has no rule ${ask.params.ruleId}`);
        });
        return {};
      }),
  }),
];

function answered(campaign: Campaign) {
  const { id, version, targeting } = campaign;
  const warnings = nobodyWarnings(campaign, '/rules');
  const body = { campaign_id: id, version, rules: targeting as unknown as Static<typeof rule>[] };
  return { body: warnings.length === 0 ? body : { ...body, warnings: [...warnings] }, version };
}

/** Throws Problem 422 for every value that its dimension does not take. `at`: where the list of rules stands; '' for one rule. */
function refuseUnread(given: readonly Pick<TargetingRule, 'conditions'>[], at: string): void {
  const wrong = unreadValues(given, (index) => (at === '' ? '' : `${at}${index}`));
  if (wrong.length === 0) return;
  const told = wrong.slice(0, 50);
  const detail = told.map((each) => `${each.pointer} ${each.detail}`).join('; ');
  throw new Problem(422, 'Values that no request can have', detail.slice(0, 2_000), told);
}

/** Every value that its dimension does not take; `at`: where a rule stands. */
export function unreadValues(
  given: readonly Pick<TargetingRule, 'conditions'>[],
  at: (index: number) => string,
): readonly Wrong[] {
  return given.flatMap(({ conditions }, ruleIndex) =>
    conditions.flatMap(({ dimension, values }, index) => {
      const found = dimensions.find(({ name }) => name === dimension);
      return values.flatMap((value, valueIndex) => {
        const detail = found === undefined ? 'is of no dimension' : valueFault(found, value);
        const pointer = `${at(ruleIndex)}/conditions/${index}/values/${valueIndex}`;
        return detail === null ? [] : [{ pointer, detail }];
      });
    }),
  );
}
