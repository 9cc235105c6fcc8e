import type { Links } from './read-links';
import type { SitesRead } from './read-sites';
import { MAX_SCHEMA_FAULTS, type SchemaFaults } from './schema-fault';
import type { Site } from './site';

/** Keywords whose schemas apply to the same value, not to a part of it. */
const SAME_VALUE: ReadonlySet<string> = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependencies',
]);

/** Maximum number of schemas that one dynamic reference may resolve to. */
const MAX_DYNAMIC = 100;
const REMEDY = 'Put the reference under properties, items or another keyword that goes into the value.';

interface Step {
  readonly to: Site;
  /** The keyword of the edge. */
  readonly at: string;
}

/**
 * Finds cycles of references that do not descend into the value. The evaluation of such a schema does not terminate (Core §9.4.1). Reports
 * one fault for each reference that closes a cycle.
 */
export function refuseEndless({ sites }: SitesRead, links: Links, faults: SchemaFaults): void {
  const dynamic = dynamicTargets(sites.values());
  for (const [name, targets] of dynamic) {
    if (targets.length > MAX_DYNAMIC)
      return faults.add(`${targets[MAX_DYNAMIC]?.pointer ?? ''}/$dynamicAnchor`, `more than ${MAX_DYNAMIC} schemas have the dynamic anchor ${name}`, 'Use fewer.'); // prettier-ignore
  }
  const done = new Set<Site>();
  for (const start of sites.values()) {
    if (done.has(start)) continue;
    if (faults.found.length >= MAX_SCHEMA_FAULTS) return;
    const open = new Set<Site>([start]);
    const way = [{ site: start, steps: stepsOf(start, links, dynamic), next: 0 }];
    for (let top = way.at(-1); top !== undefined && faults.found.length < MAX_SCHEMA_FAULTS; top = way.at(-1)) {
      const step = top.steps[top.next++];
      if (step === undefined) {
        way.pop();
        open.delete(top.site);
        done.add(top.site);
      } else if (open.has(step.to)) {
        const from = way.findIndex(({ site }) => site === step.to);
        faults.add(closing(way.slice(from).map(({ steps, next }) => steps[next - 1])), 'the reference comes back to itself without going into the value', REMEDY); // prettier-ignore
      } else if (!done.has(step.to)) {
        open.add(step.to);
        way.push({ site: step.to, steps: stepsOf(step.to, links, dynamic), next: 0 });
      }
    }
  }
}

/** The reported reference of a cycle: its last one, to which the others lead. */
function closing(circle: readonly (Step | undefined)[]): string {
  return circle.findLast((step) => /\/\$(?:ref|dynamicRef)$/.test(step?.at ?? ''))?.at ?? '';
}

function stepsOf(site: Site, links: Links, dynamic: ReadonlyMap<string, readonly Site[]>): readonly Step[] {
  const steps: Step[] = site.parts
    .filter(({ keyword }) => SAME_VALUE.has(keyword))
    .map(({ site: to }) => ({ to, at: to.pointer }));
  for (const keyword of ['$ref', '$dynamicRef']) {
    const at = `${site.pointer}/${keyword}`;
    const link = links.get(at);
    if (link === undefined) continue;
    const targets = link.dynamic === null ? [link.target] : (dynamic.get(link.dynamic) ?? []);
    steps.push(...targets.map((to) => ({ to, at })));
  }
  return steps;
}

/** The schemas that a dynamic reference may resolve to: any schema with that anchor. */
function dynamicTargets(sites: Iterable<Site>): ReadonlyMap<string, readonly Site[]> {
  const targets = new Map<string, Site[]>();
  for (const site of sites) {
    const name = typeof site.schema === 'boolean' ? undefined : site.schema['$dynamicAnchor'];
    if (typeof name !== 'string') continue;
    const known = targets.get(name);
    if (known === undefined) targets.set(name, [site]);
    else known.push(site);
  }
  return targets;
}
