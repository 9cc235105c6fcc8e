import type { JsonObject } from '../foundation/json';
import { evaluate, type Check, type Rule, type Scope } from './evaluation';
import { RULE_CHECKS, type Rules } from './part-checks';
import type { Links } from './read-links';
import type { SitesRead } from './read-sites';
import type { Link, Site } from './site';
import { VALUE_CHECKS } from './value-checks';

interface OpenRule extends Rule {
  readonly checks: Check[];
}

/** Compiles the rules of every schema in a valid schema. Returns the rule of the whole. */
export function makeRules({ root, sites }: SitesRead, links: Links): Rule {
  const rules = new Map<Site, OpenRule>();
  for (const site of sites.values()) {
    const { schema, resource } = site;
    const isPlain = typeof schema === 'boolean';
    rules.set(site, {
      always: isPlain ? schema : null,
      resource,
      asksSeen: !isPlain && (schema['unevaluatedItems'] !== undefined || schema['unevaluatedProperties'] !== undefined),
      checks: [],
    });
  }
  const ruleOf = (site: Site): Rule => rules.get(site) as Rule;
  for (const [site, rule] of rules) {
    if (typeof site.schema !== 'boolean') rule.checks.push(...checksOf(site, site.schema, links, ruleOf));
  }
  if (root === null) throw new TypeError('the schema has not been checked');
  return ruleOf(root);
}

function* checksOf(site: Site, schema: JsonObject, links: Links, ruleOf: (site: Site) => Rule): Generator<Check> {
  for (const [keyword, make] of VALUE_CHECKS) {
    const value = schema[keyword];
    if (value !== undefined && Object.hasOwn(schema, keyword)) yield make(value, schema);
  }
  for (const keyword of ['$ref', '$dynamicRef']) {
    const link = links.get(`${site.pointer}/${keyword}`);
    if (link !== undefined) yield reference(link, ruleOf);
  }
  const rules = rulesIn(site, ruleOf);
  for (const [keyword, make] of RULE_CHECKS) if (Object.hasOwn(schema, keyword)) yield make(rules, schema);
}

/** A dynamic name is resolved in the whole schema: the resource that was entered first decides its meaning (Core §8.2.3.2). */
function reference({ target, dynamic }: Link, ruleOf: (site: Site) => Rule): Check {
  const fixed = ruleOf(target);
  if (dynamic === null) return (value, at, run, seen) => evaluate(fixed, value, at, run, seen);
  return (value, at, run, seen) => {
    let found = target;
    for (let scope: Scope | null = run.scope; scope !== null; scope = scope.outer) {
      run.spend(1 / 8);
      found = scope.resource.dynamic.get(dynamic) ?? found;
    }
    return evaluate(ruleOf(found), value, at, run, seen);
  };
}

function rulesIn({ pointer, parts }: Site, ruleOf: (site: Site) => Rule): Rules {
  const of = (keyword: string): Site[] => parts.filter((part) => part.keyword === keyword).map(({ site }) => site);
  return {
    one: (keyword) => of(keyword).map(ruleOf)[0] ?? null,
    list: (keyword) => of(keyword).map(ruleOf),
    named: (keyword) => of(keyword).map((site) => [nameIn(site.pointer, `${pointer}/${keyword}/`), ruleOf(site)]),
  };
}

function nameIn(pointer: string, around: string): string {
  return pointer.slice(around.length).replaceAll('~1', '/').replaceAll('~0', '~');
}
