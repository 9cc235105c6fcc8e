// Texts that are known to break parsers, databases or file systems, in every parameter of every route.
import { codeOf, each } from './requests.mjs';
import { operationsOf } from './operations.mjs';

/** Percent-encoded values. */
const HOSTILE = [
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

/** In a small round a parameter gets every sixth text, and the next parameter others. NUL is tried everywhere. */
const SMALL_SHARE = 6;

/** `{count, findings}`. The other path parameters name existing objects. */
export async function parameters({ server, document, minter, victim, samples, isSmall }) {
  const findings = [];
  let count = 0;
  const token = minter.token(victim);
  await each(hostileRequests(document, samples, isSmall), async ({ method, path, headers, body, what, hasNul }) => {
    const content = body === null ? {} : { body: body.mediaType.includes('json') ? '{}' : 'x' };
    const type = body && { 'content-type': body.mediaType };
    const answer = await server.ask({ method, path, token, headers: { ...type, ...headers }, ...content });
    count++;
    const { status } = answer;
    const odd =
      status >= 500
        ? 'a fault of ours'
        : hasNul && (status !== 422 || codeOf(answer) !== 'REQUEST_INVALID')
          ? 'NUL is to be refused'
          : // A caller without permission would not test its parameters.
            status === 401 || status === 403 || status === 429
            ? 'the parameter was not read'
            : null;
    if (odd !== null) findings.push(`${method} ${path.slice(0, 80)} (${what}): ${status}: ${odd}`);
  });
  return { count, findings, about: `${HOSTILE.length} texts` };
}

/** One request for each parameter of each operation and each hostile value; in a small round for a share of them. */
function* hostileRequests(document, samples, isSmall) {
  let parameter = 0;
  for (const { method, path: template, parameters: declared, body } of operationsOf(document)) {
    const filled = (name, value) =>
      template.replaceAll(/\{(\w+)\}/g, (_, other) => (other === name ? value : (samples[other] ?? 'none')));
    for (const { name, in: place } of [...declared, { name: 'unknown', in: 'query' }]) {
      parameter++;
      for (const [at, value] of HOSTILE.entries()) {
        const hasNul = value.includes('%00');
        if (isSmall && !hasNul && (at + parameter) % SMALL_SHARE !== 0) continue;
        // An HTTP header cannot contain such bytes.
        if (place === 'header' && /%|^$/.test(value)) continue;
        const path =
          place === 'query' ? `${filled('', '')}?${name}=${value}` : filled(place === 'path' ? name : '', value);
        const headers = place === 'header' ? { [name]: value } : {};
        const what = `${place} ${name}=${value.slice(0, 40)}`;
        yield { method, path, headers, body, what, hasNul };
      }
    }
  }
}
