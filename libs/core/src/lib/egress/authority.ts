import { parseIp } from './ip-address';

/** A host and the port that was written with it. IPv6 addresses have no brackets; names are in lower case without a trailing dot. */
export interface Authority {
  readonly host: string;
  readonly port: number | null;
}

/** The destination of a request. */
export interface Target {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** The path on the host, without the query. Known only if the whole URL is visible. */
  readonly path?: string;
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Reads `host`, `host:port` or `[v6]:port` (RFC 3986 §3.2 without userinfo), or null. Strict where URL parsers are lenient: ASCII
 * letters, digits and hyphens only (IDNs in their `xn--` form), no percent, no control character, no number that some resolver takes for an address.
 */
export function parseAuthority(text: string): Authority | null {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(text);
  if (match === null) return null;
  const host = parseHost(match[1] ?? '');
  const port = match[2] === undefined ? null : parsePort(match[2]);
  return host === null || (port === null && match[2] !== undefined) ? null : { host, port };
}

/** A host's one spelling, or null: a name, a dotted IPv4 address, or an IPv6 address with or without brackets. */
export function parseHost(text: string): string | null {
  if (text.startsWith('[') && text.endsWith(']')) return parseHost6(text.slice(1, -1));
  if (text.includes(':')) return parseHost6(text);
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return null;
  // A name whose last label is a number is an address (WHATWG URL §3.5). It is accepted only in plain notation.
  const last = labels.at(-1) ?? '';
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(last) && parseIp(name) === null ? null : name;
}

/**
 * Where an absolute http or https URL goes, or null. The authority is cut out of the text by RFC 3986 and never by a lenient parser;
 * path and query are not looked at, but for what no URL holds. A last dot is refused here, since servers and certificates do not
 * agree on it in a URL; `parseAuthority`, for what clients ask of a proxy, takes it away.
 */
export function parseTarget(url: string): Target | null {
  const match = /^(https?):\/\/([^/?#]+)(?:[/?#][\x21-\x7e]*)?$/i.exec(url);
  const authority = parseAuthority(match?.[2] ?? '');
  if (match === null || authority === null || url.includes('\\')) return null;
  if (/\.(?::[0-9]+)?$/.test(match[2] ?? '')) return null;
  const scheme = (match[1] ?? '').toLowerCase();
  return { scheme, host: authority.host, port: authority.port ?? (scheme === 'https' ? 443 : 80) };
}

/** As `parseTarget`, with the path. Null also for a path that names its own parent or hides a separator: no prefix would hold it. */
export function parseWholeTarget(url: string): Target | null {
  const target = parseTarget(url);
  const path = /^https?:\/\/[^/?#]+([^?#]*)/i.exec(url)?.[1] ?? '';
  return target === null || !isPlainPath(path) ? null : { ...target, path: path === '' ? '/' : path };
}

/** True unless the path has dot segments, empty segments, or an encoded slash, backslash or dot. */
function isPlainPath(path: string): boolean {
  return !/(?:^|\/)\.{1,2}(?:\/|$)|\/\/|%2e|%2f|%5c|\\/i.test(path);
}

function parsePort(text: string): number | null {
  return /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null;
}

/** IPv6 in one spelling: eight groups without leading zeros, not shortened. */
function parseHost6(text: string): string | null {
  const bytes = text.includes(':') ? parseIp(text) : null;
  if (bytes === null) return null;
  return Array.from({ length: 8 }, (_, i) => (((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)).toString(16)).join(
    ':',
  );
}
