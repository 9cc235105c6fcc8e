import { parseHost, type Target } from './authority';
import { coversHost, coversPath, type EgressRule } from './egress-rule';
import { holds, parseCidr, parseIp } from './ip-address';
import { isSpecialAddress, unwrapped } from './special-address';

/** Why a connection is allowed or refused. */
export type EgressCode =
  | 'EGRESS_ALLOWED'
  | 'EGRESS_HOST_INVALID'
  | 'EGRESS_SCHEME_INVALID'
  | 'EGRESS_PORT_INVALID'
  | 'EGRESS_SPECIAL_ADDRESS'
  | 'EGRESS_ADDRESS_OUTSIDE'
  | 'EGRESS_PATH_OUTSIDE'
  | 'EGRESS_NOT_LISTED';

/** A decision, and the rule that allowed it. */
interface EgressDecision {
  readonly allowed: boolean;
  readonly rule: EgressRule | null;
  readonly code: EgressCode;
}

/**
 * Decides before anything is resolved. A literal address must also pass `decideAddress`; `localhost` counts as an address. The host is
 * parsed again here, so that no caller can pass a spelling that the rules do not recognise.
 */
export function decideEgress(rules: readonly EgressRule[], target: Target): EgressDecision {
  const host = parseHost(target.host);
  if (host === null) return denied('EGRESS_HOST_INVALID');
  const { scheme, port } = target;
  if (scheme !== 'http' && scheme !== 'https') return denied('EGRESS_SCHEME_INVALID');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return denied('EGRESS_PORT_INVALID');
  let refusal: EgressCode = 'EGRESS_NOT_LISTED';
  for (const rule of rules) {
    const code = judge(rule, { ...target, host });
    if (code === 'EGRESS_ALLOWED') return { allowed: true, rule, code };
    if (code !== null) refusal = code;
  }
  return denied(refusal);
}

/** The address at which a target that is allowed by name may be dialled, or the reason for the refusal. */
interface DialDecision {
  /** The exact address to dial; null: none. */
  readonly address: string | null;
  readonly code: EgressCode;
}

/**
 * Decides after the name was resolved, once: the first address that a rule for this target allows. Call it only for what
 * `decideEgress` allows; a target that is an address resolves to itself.
 */
export function decideDial(rules: readonly EgressRule[], target: Target, addresses: readonly string[]): DialDecision {
  const fitting = rules.filter((rule) => judge(rule, target) === 'EGRESS_ALLOWED');
  let code: EgressCode = 'EGRESS_NOT_LISTED';
  for (const address of addresses)
    for (const rule of fitting) {
      code = decideAddress(rule, address);
      if (code === 'EGRESS_ALLOWED') return { address, code };
    }
  return { address: null, code };
}

/**
 * Decides about an address that an allowed host has resolved to; asked for each of them. A rule with `cidr` allows what lies in it
 * and nothing else; a rule without it allows the public internet.
 */
export function decideAddress(rule: EgressRule, ip: string): EgressCode {
  const address = parseIp(ip);
  if (address === null) return 'EGRESS_HOST_INVALID';
  if (rule.cidr === undefined) return isSpecialAddress(ip) ? 'EGRESS_SPECIAL_ADDRESS' : 'EGRESS_ALLOWED';
  const block = parseCidr(rule.cidr);
  const isInside = block !== null && (holds(block, address) || holds(block, unwrapped(address)));
  return isInside ? 'EGRESS_ALLOWED' : 'EGRESS_ADDRESS_OUTSIDE';
}

/** The decision of one rule; null if the rule does not match the target. */
function judge(rule: EgressRule, { scheme, host, port, path }: Target): EgressCode | null {
  const matches = (rule.scheme === '*' || rule.scheme === scheme) && (rule.port === '*' || rule.port === port);
  if (!matches || !coversHost(rule.host, host)) return null;
  if (rule.path !== undefined && path !== undefined && !coversPath(rule.path, path)) return 'EGRESS_PATH_OUTSIDE';
  if (isAddress(host)) return decideAddress(rule, host);
  return isLocal(host, rule) ? 'EGRESS_SPECIAL_ADDRESS' : 'EGRESS_ALLOWED';
}

function isAddress(host: string): boolean {
  return parseIp(host) !== null;
}

function isLocal(host: string, rule: EgressRule): boolean {
  return rule.cidr === undefined && (host === 'localhost' || host.endsWith('.localhost'));
}

function denied(code: EgressCode): EgressDecision {
  return { allowed: false, rule: null, code };
}
