import type { Gate, Schemas } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { digestOf } from './canonical';

type Answer = Pick<Schemas['Plan'], 'plan' | 'profile'>;

/** True if the plan has this hash. */
export async function hasHash({ plan }: Pick<Answer, 'plan'>, planHash: string): Promise<boolean> {
  return (await digestOf(plan as Json)) === planHash;
}

/** True if plan and profile are those that the request of a gate names. */
export async function isPlanOf(answer: Answer, { planHash, profileDigest }: Gate['request']): Promise<boolean> {
  return (await hasHash(answer, planHash)) && (await digestOf(answer.profile as Json)) === profileDigest;
}
