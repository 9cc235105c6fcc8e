import { parseTarget } from '../egress/authority';
import { intersect, parseRule, type EgressRule } from '../egress/egress-rule';
import type { Plan, RunNode } from './plan';
import type { Environment, Profile } from './profile';

// Permitted destinations of a step: environment ∩ pack ∩ step (docs/guides/network.md). Planner, executors and verifier use these functions.

/** The whole public internet, which an open environment lists. */
const ANYWHERE: EgressRule = { scheme: '*', host: '*', port: '*' };

/** The environment's list. An open environment lists every public host; its entries add pinned private hosts. */
export function environmentRules(
  { mode }: Pick<Environment, 'mode'>,
  entries: readonly EgressRule[],
): readonly EgressRule[] {
  return mode === 'sealed' ? entries : [ANYWHERE, ...entries];
}

/** Parses an entry of `egress[].url`: a URL whose host may be `*.suffix`, or `*` for every host. Null if it is invalid. */
export function parseDeclared(url: string): EgressRule | null {
  return url === '*' || /^https?:\/\//i.test(url) ? parseRule(url) : null;
}

/** Destinations that a step declares: its `egress`, and the literal URL of an http step. */
export function declaredRules({
  uses,
  with: parameters,
  egress,
}: Pick<RunNode, 'uses' | 'with' | 'egress'>): EgressRule[] {
  const { url } = parameters;
  const own = uses === 'builtin:http' && typeof url === 'string' && !url.includes('{{') ? [url] : [];
  return [...egress.map((one) => one.url), ...own].flatMap((text) => parseDeclared(text) ?? []);
}

/** The pack's list; null: no restriction. */
function packRules(allowlist: readonly string[] | null): readonly EgressRule[] | null {
  return allowlist?.flatMap((text) => parseRule(text) ?? []) ?? null;
}

/** The part of the environment's list in the admitted profile. */
export function profileRules({ egress }: Pick<Profile, 'egress'>): readonly EgressRule[] {
  return egress.map(({ scheme, host, port, cidr }) => {
    return { scheme: scheme as EgressRule['scheme'], host, port, ...(cidr === null ? {} : { cidr }) };
  });
}

/** Permitted destinations of a step of an admitted run. Empty: the step gets no network. `node` is as planned, or with bound `with`. */
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

/** True if a URL with expressions begins with a literal origin: `https://host/` before the first `{{`. */
export function literalOrigin(url: string): EgressRule | null {
  const origin = /^https?:\/\/[^/?#{]+(?=[/?#])/i.exec(url)?.[0];
  const target = origin === undefined ? null : parseTarget(origin);
  return target === null
    ? null
    : { scheme: target.scheme as EgressRule['scheme'], host: target.host, port: target.port };
}
