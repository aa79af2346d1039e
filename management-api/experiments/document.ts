import Type, { type Static } from 'typebox';
import type { ExperimentArm } from '../../domain/experiment.ts';
import type { Wrong } from '../../engines/http/problem.ts';
import { checkerOf } from '../check.ts';
import { limits } from '../limits.ts';
import { closed, name, oneOf, orNull, uuid } from '../shapes.ts';

/** An experiment as people write it, for the API and for the command alike: what is not listed is refused. */

const percent = () => Type.Optional(orNull(Type.Integer({ minimum: 0, maximum: 1_000 })));
const flag = Type.Optional(Type.Boolean());

const arm = closed({
  name: name(100),
  weight: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    description: 'viewers stand in the arms in these proportions',
  }),
  objective: Type.Optional(orNull(oneOf('revenue', 'fill_rate', 'user_experience'))),
  features: Type.Optional(closed({ targeting: flag, frequency: flag, pods: flag })),
  quality_percent: percent(),
  shadow_price_percent: percent(),
});

export const status = oneOf('running', 'stopped');
export const arms = Type.Array(arm, { minItems: 1, maxItems: limits.arms, description: 'moving one moves viewers' });
export const newExperiment = closed({ name: name(100), arms, status: Type.Optional(status) });

type Arm = Static<typeof arm>;

/** What a file says of an experiment. The name tells which one it is: `id` and `version`, as the API answers them, say nothing. */
const kept = checkerOf(
  closed({ ...newExperiment.properties, id: Type.Optional(uuid()), version: Type.Optional(Type.Integer()) }),
  false,
);

export interface ReadExperiment {
  readonly name: string;
  readonly status: 'running' | 'stopped';
  readonly arms: readonly ExperimentArm[];
}

/** A document as the API takes or answers it, or what is wrong with it. */
export function readExperimentDocument(document: unknown): ReadExperiment | { readonly wrong: readonly Wrong[] } {
  const checked = kept(document);
  if ('wrong' in checked) return checked;
  const { name: called, status: state = 'running', arms: given } = checked.value as Static<typeof newExperiment>;
  const wrong = [...wrongName(called), ...wrongArms(given)];
  return wrong.length > 0 ? { wrong } : { name: called, status: state, arms: given.map(asKept) };
}

/** Requests record what arm of a flag with a percentage they are in under `flag:` and its feature. */
export function wrongName(given: string): readonly Wrong[] {
  return given.startsWith('flag:')
    ? [{ pointer: '/name', detail: 'begins as a flag does in records, with flag:' }]
    : [];
}

/** Where viewers could stand in no arm, or two arms could not be told apart. */
export function wrongArms(given: readonly Pick<Arm, 'name' | 'weight'>[]): readonly Wrong[] {
  const wrong: Wrong[] = given.flatMap((each, index) =>
    given.findIndex((other) => other.name === each.name) < index
      ? [{ pointer: `/arms/${index}/name`, detail: 'is the name of another arm' }]
      : [],
  );
  const isReached = given.some(({ weight }) => weight > 0);
  return isReached ? wrong : [...wrong, { pointer: '/arms', detail: 'one arm needs a weight above 0' }];
}

/** As the table and the deciders have it. */
export function asKept({ quality_percent, shadow_price_percent, ...arm }: Arm): ExperimentArm {
  return {
    ...arm,
    ...(quality_percent === undefined ? {} : { qualityPercent: quality_percent }),
    ...(shadow_price_percent === undefined ? {} : { shadowPricePercent: shadow_price_percent }),
  } as ExperimentArm;
}

/** As the API tells it. */
export function asTold({ qualityPercent, shadowPricePercent, ...one }: ExperimentArm): Arm {
  return {
    ...one,
    ...(qualityPercent === undefined ? {} : { quality_percent: qualityPercent }),
    ...(shadowPricePercent === undefined ? {} : { shadow_price_percent: shadowPricePercent }),
  } as Arm;
}
