import { digestOf } from '../canonical/digest';
import { parseTarget } from '../egress/authority';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { parseImage } from './image';
import type { Block, RunNode } from './plan';
import type { PlanConfiguration } from './plan-request';
import type { Environment, Profile } from './profile';

export function profileOf(
  graph: Block,
  environment: Environment,
  { defaults, secrets }: PlanConfiguration,
  asked: readonly string[],
): Profile {
  const egress = new Map<string, Profile['egress'][number]>();
  for (const { egress: urls } of runNodesIn(graph)) {
    for (const { url } of urls) {
      const target = parseTarget(url);
      if (target !== null) egress.set(`${target.host} ${target.port} ${target.scheme}`, { ...target, cidr: null });
    }
  }
  return {
    schema: 'taskrunner.profile.v1',
    environment: digestOf(environment as unknown as Json),
    defaults,
    egress: [...egress].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target),
    secrets: [...asked]
      .sort()
      .flatMap((name) => (Object.hasOwn(secrets, name) ? [{ name, provider: secrets[name] ?? '' }] : [])),
    images: imagesIn(graph),
  };
}

/** The images that containers of a plan start from: as written → digest. */
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
