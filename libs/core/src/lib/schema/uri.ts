/** The parts of a URI reference (RFC 3986, appendix B); what is undefined is not written. */
interface UriParts {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
}

/** Splits any text, without checking its parts. */
export function uriParts(text: string): UriParts {
  let rest = text;
  const cut = (mark: string): string | undefined => {
    const at = rest.indexOf(mark);
    if (at < 0) return undefined;
    const part = rest.slice(at + mark.length);
    rest = rest.slice(0, at);
    return part;
  };
  const fragment = cut('#');
  const query = cut('?');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(rest)?.[1];
  if (scheme !== undefined) rest = rest.slice(scheme.length + 1);
  if (!rest.startsWith('//')) return { scheme, authority: undefined, path: rest, query, fragment };
  const end = rest.indexOf('/', 2);
  const authority = end < 0 ? rest.slice(2) : rest.slice(2, end);
  return { scheme, authority, path: end < 0 ? '' : rest.slice(end), query, fragment };
}

/** The URI, without fragment, that a reference means at a base (RFC 3986 §5.2). The base may be empty: the schema has no name. */
export function resolveUri(base: string, reference: string): string {
  const own = uriParts(reference);
  const of = uriParts(base);
  if (own.scheme !== undefined) return print({ ...own, path: withoutDots(own.path) });
  const { scheme } = of;
  if (own.authority !== undefined) return print({ ...own, scheme, path: withoutDots(own.path) });
  const { authority } = of;
  if (own.path === '') return print({ ...of, query: own.query ?? of.query });
  const path = own.path.startsWith('/') ? own.path : merged(of, own.path);
  return print({ scheme, authority, path: withoutDots(path), query: own.query, fragment: undefined });
}

function merged({ authority, path }: UriParts, relative: string): string {
  if (authority !== undefined && path === '') return `/${relative}`;
  return path.slice(0, path.lastIndexOf('/') + 1) + relative;
}

/** RFC 3986 §5.2.4. */
function withoutDots(path: string): string {
  if (!path.includes('.')) return path;
  const kept: string[] = [];
  const steps = path.split('/');
  steps.forEach((step, index) => {
    const isLast = index === steps.length - 1;
    if (step === '..') {
      if (kept.length > 1 || (kept.length === 1 && kept[0] !== '')) kept.pop();
      if (isLast) kept.push('');
    } else if (step === '.') {
      if (isLast) kept.push('');
    } else kept.push(step);
  });
  return kept.join('/');
}

function print({ scheme, authority, path, query }: UriParts): string {
  return [
    scheme === undefined ? '' : `${scheme}:`,
    authority === undefined ? '' : `//${authority}`,
    path,
    query === undefined ? '' : `?${query}`,
  ].join('');
}
