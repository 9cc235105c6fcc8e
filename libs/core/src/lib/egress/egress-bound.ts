import { intersect, type EgressRule } from './egress-rule';

/**
 * The part of some rules that stays within a bound. A rule that pins addresses needs a rule of the bound that pins them too: pinned
 * addresses may be private, and a bound of every host does not allow private addresses. A rule without pinned addresses takes none over
 * from the bound.
 */
export function boundRules(rules: readonly EgressRule[], bound: readonly EgressRule[]): readonly EgressRule[] {
  return [true, false].flatMap((pinned) => {
    const ofKind = ({ cidr }: EgressRule): boolean => (cidr !== undefined) === pinned;
    return intersect(rules.filter(ofKind), bound.filter(ofKind));
  });
}

/** The rules that the bound does not allow completely. */
export function rulesBeyond(rules: readonly EgressRule[], bound: readonly EgressRule[]): readonly EgressRule[] {
  return rules.filter((rule) => !boundRules([rule], bound).some((left) => isSame(left, rule)));
}

function isSame(a: EgressRule, b: EgressRule): boolean {
  return a.scheme === b.scheme && a.host === b.host && a.port === b.port && a.cidr === b.cidr && a.path === b.path;
}

/** A rule as shown to people: `https://host:443`, with its pinned addresses. */
export function ruleText({ scheme, host, port, cidr }: EgressRule): string {
  const at = `${scheme === '*' ? '' : `${scheme}://`}${host}${port === '*' ? '' : `:${port}`}`;
  return cidr === undefined ? at : `${at} (${cidr})`;
}
