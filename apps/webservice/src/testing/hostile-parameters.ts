/** What of an OpenAPI document the requests are made from. */
export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

interface DescribedOperation {
  readonly parameters?: readonly DescribedParameter[];
  readonly 'x-scopes'?: readonly string[];
}

interface DescribedParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the caller must hold. */
  readonly scopes: readonly string[];
  /** Where the value stands, for people. */
  readonly what: string;
  /** True if the value holds a character that no text of PostgreSQL can hold. */
  readonly hasNul: boolean;
}

/** Percent-encoded: texts that have broken a parser, a database or a file system somewhere. */
const HOSTILE: readonly string[] = [
  ...[
    '%00',
    'a%00b',
    '%2500',
    '%ff',
    '%c0%80',
    '%ed%a0%80',
    '%ef%bf%bf',
    '%f4%8f%bf%bf',
    '%e2%80%ae',
    '%7f',
    '%0d%0aX:%201',
  ],
  ...[
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '.',
    '..',
    '%2f',
    '%5c',
    '%27%20or%201=1--',
    '%22',
    '%60',
    '%24%7b1%7d',
    '%25',
    '%',
  ],
  ...[
    '-1',
    '0',
    '1e309',
    '99999999999999999999',
    'NaN',
    'Infinity',
    '1.5',
    '%5b%5d',
    '%7b%7d',
    'null',
    'undefined',
    '__proto__',
  ],
  ...['', '%20', 'constructor', 'run_', 'sha256:', 'a'.repeat(4_000), '%e2%98%83'.repeat(300)],
];
const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch']);

/** One request for each parameter of each operation and each hostile value; the other path parameters are samples that exist. */
export function* hostileRequests(
  { paths }: Described,
  samples: Readonly<Record<string, string>>,
): Generator<HostileRequest> {
  for (const [template, operations] of Object.entries(paths))
    for (const [method, { parameters = [], 'x-scopes': scopes = [] }] of Object.entries(operations)) {
      if (!METHODS.has(method)) continue;
      const filled = (name: string, value: string): string =>
        template.replaceAll(/\{(\w+)\}/g, (_, other: string) => (other === name ? value : (samples[other] ?? 'none')));
      for (const { name, in: place } of [...parameters, { name: 'unknown', in: 'query' }])
        for (const value of HOSTILE) {
          // A header of HTTP holds no such bytes; `fetch` would not send it.
          if (place === 'header' && /%|^$/.test(value)) continue;
          const path =
            place === 'query' ? `${filled('', '')}?${name}=${value}` : filled(place === 'path' ? name : '', value);
          const headers: Readonly<Record<string, string>> = place === 'header' ? { [name]: value } : {};
          yield {
            method,
            path,
            headers,
            scopes,
            what: `${place} ${name}=${value.slice(0, 40)}`,
            hasNul: value.includes('%00'),
          };
        }
    }
}
