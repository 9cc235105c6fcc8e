import { isIpv6 } from './host-formats';
import { uriParts } from './uri';
import { PRIVATE_CHARACTERS, UCS_CHARACTERS } from './iri-characters';

/** What the characters of a part may be: of a class, or escaped. */
function spelt(characters: string): RegExp {
  return new RegExp(`^(?:[${characters}]|%[0-9A-Fa-f]{2})*$`, 'u');
}

const UNRESERVED = 'A-Za-z0-9\\-._~';
const SUB_DELIMITERS = "!$&'()*+,;=";

interface Grammar {
  readonly user: RegExp;
  readonly host: RegExp;
  readonly path: RegExp;
  readonly query: RegExp;
  readonly fragment: RegExp;
}

function grammar(unreserved: string, inQuery: string): Grammar {
  const name = `${unreserved}${SUB_DELIMITERS}`;
  const part = `${name}:@`;
  return {
    user: spelt(`${name}:`),
    host: spelt(name),
    path: spelt(`${part}/`),
    query: spelt(`${part}/?${inQuery}`),
    fragment: spelt(`${part}/?`),
  };
}

const URI = grammar(UNRESERVED, '');
const IRI = grammar(`${UNRESERVED}${UCS_CHARACTERS}`, PRIVATE_CHARACTERS);

function isReference(text: string, by: Grammar, absolute: boolean): boolean {
  const { scheme, authority, path, query, fragment } = uriParts(text);
  if (scheme === undefined && (absolute || /^[^/]*:/.test(path))) return false;
  return (
    by.path.test(path) &&
    (authority === undefined || isAuthority(authority, by)) &&
    (query === undefined || by.query.test(query)) &&
    (fragment === undefined || by.fragment.test(fragment))
  );
}

function isAuthority(authority: string, by: Grammar): boolean {
  const at = authority.lastIndexOf('@');
  if (at >= 0 && !by.user.test(authority.slice(0, at))) return false;
  const place = authority.slice(at + 1);
  const literal = /^\[([^\]]*)\](?::[0-9]*)?$/.exec(place)?.[1];
  if (literal !== undefined) {
    return /^[Vv][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/.test(literal) || isIpv6(literal);
  }
  return by.host.test(place.replace(/:[0-9]*$/, ''));
}

/** RFC 3986 §3: with a scheme. */
export const isUri = (text: string): boolean => isReference(text, URI, true);
/** RFC 3986 §4.1: a URI, or relative to one. */
export const isUriReference = (text: string): boolean => isReference(text, URI, false);
/** RFC 3987 §2.2. */
export const isIri = (text: string): boolean => isReference(text, IRI, true);
/** RFC 3987 §2.2. */
export const isIriReference = (text: string): boolean => isReference(text, IRI, false);
