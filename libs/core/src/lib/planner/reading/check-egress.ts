import { broadnessOf } from '../../egress/broad-egress';
import { decideEgress } from '../../egress/decide-egress';
import { isCovered, type EgressRule } from '../../egress/egress-rule';
import type { RunBody } from '../../pack/model/pack-step';
import { shown } from '../../pack/shapes/shape';
import type { Faults } from '../context/faults';
import { literalOrigin, parseDeclared } from '../../plan/step-egress';

/** The two lists that must contain a declared destination. */
export interface EgressLists {
  /** The environment's list. */
  readonly environment: readonly EgressRule[];
  /** `sandbox.egressAllowlist`; null: no restriction by the pack. */
  readonly pack: readonly EgressRule[] | null;
}

const ALIASES = { aliases: ['AIRGAP_EGRESS_BLOCKED'] };

/** Checks the destinations that a step declares. They must be enforceable and on both lists. */
export function checkEgress(body: RunBody, at: string, lists: EgressLists, faults: Faults): void {
  const declared = body.egress.flatMap(({ url }, index) => {
    if (url.includes('{{')) return [];
    return checkDeclared(url, `${at}/egress/${index}/url`, lists, faults) ?? [];
  });
  const { url } = body.with;
  if (body.uses !== 'builtin:http' || typeof url !== 'string') return;
  if (!url.includes('{{')) checkDeclared(url, `${at}/with/url`, lists, faults);
  else checkComputed(url, declared, `${at}/with/url`, faults);
}

/** Warns about entries of the pack's own list that allow more than they seem to. */
export function warnOfBroad(url: string, rule: EgressRule, at: string, faults: Faults): void {
  const why = broadnessOf(rule);
  if (why !== null) faults.warn('EGRESS_BROAD', at, `${url} allows more than one party: ${why}.`);
}

function checkDeclared(url: string, at: string, lists: EgressLists, faults: Faults): EgressRule | null {
  const rule = parseDeclared(url);
  if (rule === null) {
    faults.add('EGRESS_URL', at, `${shown(url)} is not the URL of a host.`);
    return null;
  }
  warnOfBroad(url, rule, at, faults);
  const refusal = refusalOf(rule, lists);
  if (refusal !== null && !isUnreadable(at, faults))
    faults.add('SEALED_EGRESS_DENIED', at, refusal.message, { remediation: refusal.remedy, ...ALIASES });
  return rule;
}

/** A URL that is known only in a run is checked against the step's own list, so the list must exist. */
function checkComputed(url: string, declared: readonly EgressRule[], at: string, faults: Faults): void {
  const origin = literalOrigin(url);
  const covered =
    origin === null ? declared.length > 0 : declared.some((rule) => isCovered(origin, [withoutPath(rule)]));
  if (covered || isUnreadable(at, faults)) return;
  faults.add(
    'SEALED_EGRESS_DENIED',
    at,
    'The URL is computed at run time, and the egress of the step does not cover it.',
    {
      remediation: 'Write a literal URL, or list its host under egress of the step.',
      ...ALIASES,
    },
  );
}

function withoutPath({ path: _, ...rule }: EgressRule): EgressRule {
  return rule;
}

/** The list that refuses a rule, by its name in the pack or the configuration, with the remedy. */
function refusalOf(
  rule: EgressRule,
  { environment, pack }: EgressLists,
): { readonly message: string; readonly remedy: string } | null {
  const where = `${rule.scheme === 'http' ? 'http://' : ''}${rule.host}:${rule.port}`;
  // Only the operator may pin addresses; a pack names hosts.
  if (pack !== null && !isCovered(rule, pack))
    return {
      message: `${where} is not on sandbox.egressAllowlist of the pack.`,
      remedy: 'Add the destination to sandbox.egressAllowlist, or use another destination.',
    };
  if (isOn(environment, rule)) return null;
  const special = environment.some(({ host }) => host === '*') && isCovered(rule, environment);
  return special
    ? {
        message: `${where} is a private or special address.`,
        remedy: 'Ask the operator for an entry in sealedMode.allow that pins the addresses with cidr.',
      }
    : {
        message: `${where} is not on sealedMode.allow of this environment.`,
        remedy: 'Ask the operator to add the destination to sealedMode.allow, or use another destination.',
      };
}

/** True if the list allows everything that the rule names. */
function isOn(list: readonly EgressRule[], rule: EgressRule): boolean {
  if (!isCovered(rule, list)) return false;
  const { scheme, host, port, path } = rule;
  const open = scheme === '*' || port === '*' || host === '*' || host.startsWith('*.');
  return open || decideEgress(list, { scheme, host, port, ...(path === undefined ? {} : { path }) }).allowed;
}

/** True if the lists that must contain a destination could not be read. */
function isUnreadable(at: string, { unreadable }: Faults): boolean {
  const run = /^.*?\/run(?=\/(?:with|egress)(?:\/|$))/.exec(at)?.[0];
  return (
    unreadable !== null &&
    (unreadable.isWithin('/spec/sandbox') || (run !== undefined && unreadable.isWithin(`${run}/egress`)))
  );
}
