import { digestOf } from '../canonical/digest';
import { intersect } from '../egress/egress-rule';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { EgressLists } from './reading/check-egress';
import { parseImage } from './context/image';
import type { Block, RunNode } from '../plan/plan';
import type { PlanConfiguration } from '../plan/plan-request';
import type { Environment, Profile } from '../plan/profile';
import { declaredRules } from '../plan/step-egress';

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

/** Every run node below a block, in plan order. */
export function* runNodesIn(block: Block): Iterable<RunNode> {
  for (const node of block.nodes) {
    if (node.kind === 'run') yield node;
    else if (node.kind === 'conditional')
      for (const body of [...node.branches.map((branch) => branch.body), ...(node.otherwise ? [node.otherwise] : [])])
        yield* runNodesIn(body);
    else if (node.kind !== 'gate') yield* runNodesIn(node.body);
  }
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
