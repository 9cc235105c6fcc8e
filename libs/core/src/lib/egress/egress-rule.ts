import { parseAuthority, parseHost, parseWholeTarget } from './authority';
import { holds, parseCidr } from './ip-address';

/** A destination that a step may connect to. */
export interface EgressRule {
  /** `*`: http or https. Plain http is allowed only if it is named. */
  readonly scheme: 'http' | 'https' | '*';
  /** A host, `*.suffix` for all names below a suffix (not the suffix itself), or `*` for all. */
  readonly host: string;
  /** `*`: any. */
  readonly port: number | '*';
  /** Addresses that the name must resolve to. Private and special addresses can be reached only this way. */
  readonly cidr?: string;
  /** Prefix of the path, by whole segments. Checked only by http steps, where the whole URL is visible. */
  readonly path?: string;
}

/**
 * Reads an entry of an allowlist, or null: a URL, `host:port`, `host`, `*.suffix[:port]` or `*`. Without a scheme, port 80 is http and any other https; without a port, that of the scheme.
 */
export function parseRule(text: string, cidr?: string): EgressRule | null {
  if (cidr !== undefined && parseCidr(cidr) === null) return null;
  const pinned = cidr === undefined ? {} : { cidr };
  if (text === '*') return { scheme: '*', host: '*', port: '*', ...pinned };
  const url = /^(https?:\/\/)(\*\.)?(.+)$/i.exec(text);
  const wild = /^\*\.(.+)$/.exec(text);
  const suffix = url?.[2] !== undefined || wild !== null ? '*.' : '';
  if (url !== null) {
    const target = parseWholeTarget(`${url[1]}${url[3]}`);
    if (target === null || (suffix !== '' && !isName(target.host))) return null;
    const scheme = target.scheme === 'http' ? 'http' : 'https';
    const path = target.path === undefined || target.path === '/' ? {} : { path: target.path };
    return { scheme, host: suffix + target.host, port: target.port, ...pinned, ...path };
  }
  const authority = parseAuthority(wild?.[1] ?? text);
  if (authority === null || (suffix !== '' && !isName(authority.host))) return null;
  const port = authority.port ?? 443;
  return { scheme: port === 80 ? 'http' : 'https', host: suffix + authority.host, port, ...pinned };
}

/** The intersection of two lists, without duplicates and in a fixed order. `cidr` narrows: a rule without it takes over the other's. */
export function intersect(a: readonly EgressRule[], b: readonly EgressRule[]): readonly EgressRule[] {
  const both = new Map<string, EgressRule>();
  for (const one of a)
    for (const other of b) {
      const rule = common(one, other);
      if (rule !== null) both.set(keyOf(rule), rule);
    }
  return [...both].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)).map(([, rule]) => rule);
}

/** True if a rule's host covers a host (or the pattern of another rule). */
export function coversHost(pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

/** True if a path equals another path or continues it after a slash. */
export function coversPath(above: string, path: string): boolean {
  return path === above || path.startsWith(above.endsWith('/') ? above : `${above}/`);
}

/** True if everything that a rule allows is allowed by one of the other rules. Pinned addresses must stay pinned. */
export function isCovered(rule: EgressRule, by: readonly EgressRule[]): boolean {
  return by.some(
    (other) =>
      (other.scheme === '*' || other.scheme === rule.scheme) &&
      (other.port === '*' || other.port === rule.port) &&
      coversHost(other.host, rule.host) &&
      (other.path === undefined || (rule.path !== undefined && coversPath(other.path, rule.path))),
  );
}

/** True for a name, false for an address. */
export function isName(host: string): boolean {
  return parseHost(host) === host && !host.includes(':') && !/^[0-9.]+$/.test(host);
}

function common(a: EgressRule, b: EgressRule): EgressRule | null {
  const scheme = a.scheme === '*' ? b.scheme : a.scheme;
  const port = a.port === '*' ? b.port : a.port;
  const host = coversHost(a.host, b.host) ? b.host : coversHost(b.host, a.host) ? a.host : null;
  const cidr = narrower(a.cidr, b.cidr);
  const path = deeper(a.path, b.path);
  if (host === null || cidr === null || path === null) return null;
  if ((b.scheme !== '*' && b.scheme !== scheme) || (b.port !== '*' && b.port !== port)) return null;
  return { scheme, host, port, ...(cidr === undefined ? {} : { cidr }), ...(path === undefined ? {} : { path }) };
}

/** The longer of two path prefixes; null if they exclude each other, undefined if neither is set. */
function deeper(a: string | undefined, b: string | undefined): string | null | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (coversPath(a, b)) return b;
  return coversPath(b, a) ? a : null;
}

/** The intersection of two address blocks; null if it is empty, undefined if neither is set. */
function narrower(a: string | undefined, b: string | undefined): string | null | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [one, other] = [parseCidr(a), parseCidr(b)];
  if (one === null || other === null) return null;
  if (one.bits >= other.bits && holds(other, one.base)) return a;
  return other.bits >= one.bits && holds(one, other.base) ? b : null;
}

function keyOf({ scheme, host, port, cidr, path }: EgressRule): string {
  return [host, port, scheme, cidr ?? '', path ?? ''].join(' ');
}
