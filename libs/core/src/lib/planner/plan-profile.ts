import { digestOf } from '../canonical/digest';
import { intersect } from '../egress/egress-rule';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { EgressLists } from './reading/check-egress';
import { parseImage } from './context/image';
import type { Block } from '../plan/plan';
import type { PlanConfiguration } from '../plan/plan-request';
import type { Environment, Profile } from '../plan/profile';
import { declaredRules } from '../plan/step-egress';
import { runNodesIn } from './run-nodes';

/**
 * The profile of a plan: the environment by its digest, the defaults, and what the plan takes of the environment, which is the listed
 * destinations that its steps declare, the providers of the secrets that it asks for, and the images of its containers. Its digest is bound
 * with the plan hash by admissions and approvals. `asked`: names of secrets; one without a provider is left out.
 */
export function profileOf(
  graph: Block,
  environment: Environment,
  { defaults, secrets }: PlanConfiguration,
  lists: EgressLists,
  asked: readonly string[],
): Profile {
  return {
    schema: 'taskrunner.profile.v1',
    environment: digestOf(environment as unknown as Json),
    defaults,
    egress: egressTaken(graph, lists),
    secrets: [...asked]
      .sort()
      .flatMap((name) => (Object.hasOwn(secrets, name) ? [{ name, provider: secrets[name]?.provider ?? '' }] : [])),
    images: imagesIn(graph),
  };
}

/** The container images of a plan: as written → digest. */
function imagesIn(graph: Block): Profile['images'] {
  const images = new Map<string, Digest>();
  for (const { uses, with: parameters } of runNodesIn(graph)) {
    const image = uses === 'builtin:container' ? parseImage(parameters['image'] as string) : null;
    if (image !== null) images.set(`${image.name}@${image.digest}`, image.digest);
  }
  return Object.fromEntries([...images].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The part of the environment's list that the steps of a plan use, without paths, which are in the plan. */
function egressTaken(graph: Block, { environment, pack }: EgressLists): Profile['egress'] {
  const declared = [...runNodesIn(graph)].flatMap(declaredRules);
  const listed = intersect(environment, declared);
  const taken = new Map<string, Profile['egress'][number]>();
  for (const { scheme, host, port, cidr = null } of pack === null ? listed : intersect(listed, pack))
    taken.set([host, port, scheme, cidr ?? ''].join(' '), { scheme, host, port, cidr });
  return [...taken].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}
