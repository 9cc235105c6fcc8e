import { parseTarget } from '../egress/authority';
import { intersect, parseRule, type EgressRule } from '../egress/egress-rule';
import type { Plan, RunNode } from './plan';
import type { Environment, Profile } from './profile';

// Where a step may go: environment ∩ pack ∩ step (docs/guides/network.md). Planner, executors and verifier ask here.

/** The whole of the public internet: what an open environment lists. */
const ANYWHERE: EgressRule = { scheme: '*', host: '*', port: '*' };

/** What an environment lists. An open one lists every public host; its entries add the private ones that are pinned. */
export function environmentRules(
  { mode }: Pick<Environment, 'mode'>,
  entries: readonly EgressRule[],
): readonly EgressRule[] {
  return mode === 'sealed' ? entries : [ANYWHERE, ...entries];
}

/** An entry of `egress[].url`: a URL whose host may be `*.suffix`, or `*` for every host. Null if it is none. */
export function parseDeclared(url: string): EgressRule | null {
  return url === '*' || /^https?:\/\//i.test(url) ? parseRule(url) : null;
}

/** What a step says that it needs: its `egress`, and the literal URL of an http step. */
export function declaredRules({
  uses,
  with: parameters,
  egress,
}: Pick<RunNode, 'uses' | 'with' | 'egress'>): EgressRule[] {
  const { url } = parameters;
  const own = uses === 'builtin:http' && typeof url === 'string' && !url.includes('{{') ? [url] : [];
  return [...egress.map((one) => one.url), ...own].flatMap((text) => parseDeclared(text) ?? []);
}

/** What the pack lists; null: it narrows nothing. */
function packRules(allowlist: readonly string[] | null): readonly EgressRule[] | null {
  return allowlist?.flatMap((text) => parseRule(text) ?? []) ?? null;
}

/** What the admitted profile took from the environment. */
export function profileRules({ egress }: Pick<Profile, 'egress'>): readonly EgressRule[] {
  return egress.map(({ scheme, host, port, cidr }) => {
    return { scheme: scheme as EgressRule['scheme'], host, port, ...(cidr === null ? {} : { cidr }) };
  });
}

/** Where a step of an admitted run may go; empty: nowhere, it gets no network. `node` is as planned, or with `with` bound. */
export function rulesOfStep(
  { sandbox }: Pick<Plan, 'sandbox'>,
  profile: Pick<Profile, 'egress'>,
  node: Pick<RunNode, 'uses' | 'with' | 'egress' | 'egressWithin'>,
): readonly EgressRule[] {
  const listed = intersect(profileRules(profile), declaredRules(node));
  return [sandbox.egressAllowlist, ...(node.egressWithin ?? [])].reduce((rules, list) => {
    const own = packRules(list);
    return own === null ? rules : intersect(rules, own);
  }, listed);
}

/** Whether the origin that a URL with expressions begins with is written out: `https://host/` before the first `{{`. */
export function literalOrigin(url: string): EgressRule | null {
  const origin = /^https?:\/\/[^/?#{]+(?=[/?#])/i.exec(url)?.[0];
  const target = origin === undefined ? null : parseTarget(origin);
  return target === null
    ? null
    : { scheme: target.scheme as EgressRule['scheme'], host: target.host, port: target.port };
}
