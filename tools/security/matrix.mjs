// Every route × every kind of token × every set of scopes. The expected result follows from the route's OpenAPI description.
import { codeOf, each } from './requests.mjs';
import { filled, oddity, operationsOf } from './operations.mjs';
import { SCOPES } from './tokens.mjs';

/** Number of invalid tokens that a small round tries at every route; a whole round tries all. */
const SMALL = 5;

/** `{count, findings}`. Ids name nothing, so a permitted caller changes nothing. */
export async function matrix({ server, document, minter, victim, stranger, absent, isSmall }) {
  const findings = [];
  let count = 0;
  const kinds = kindsOf(minter, victim, stranger, isSmall);
  const cells = operationsOf(document).flatMap((operation) => kinds.map((kind) => ({ operation, kind })));
  await each(cells, async ({ operation, kind }) => {
    const { method, path, body } = operation;
    const sent = body === null ? {} : { body: body.mediaType.includes('json') ? '{}' : 'x' };
    const headers = { ...(body && { 'content-type': body.mediaType }), ...kind.headers };
    const asked = { method, path: filled(path, absent()), token: kind.token, headers, ...sent };
    const answer = await server.ask(asked);
    count++;
    const why = wrong(operation, kind, answer);
    if (why !== null)
      findings.push(`${method} ${path} with ${kind.name}: ${answer.status} ${codeOf(answer) ?? ''}: ${why}`);
  });
  return { count, findings, about: `${operationsOf(document).length} routes, ${kinds.length} kinds of tokens` };
}

function kindsOf(minter, victim, stranger, isSmall) {
  const refused = Object.entries(minter.refused(victim)).slice(0, isSmall ? SMALL : undefined);
  const sets = isSmall ? [[], ...SCOPES.map((one) => [one]), SCOPES] : setsOf(SCOPES);
  return [
    { name: 'no token', token: null, refusal: 'TOKEN_MISSING' },
    ...refused.map(([name, token]) => ({ name, token, refusal: 'TOKEN_INVALID' })),
    {
      name: 'a header of another tenant',
      token: minter.token(victim),
      headers: { 'x-stellaops-tenant': stranger },
      mismatch: true,
    },
    { name: 'a bound token', token: minter.bound(victim), bound: true, scopes: SCOPES },
    { name: 'another tenant', token: minter.token(stranger), scopes: SCOPES },
    ...sets.map((scopes) => ({
      name: `the scopes [${scopes.join(' ')}]`,
      // A separate caller, because limits are counted per caller.
      token: minter.token(victim, scopes, { sub: `who has ${[scopes.length, ...scopes].join(' ')}` }),
      scopes,
    })),
  ];
}

function setsOf(all) {
  return Array.from({ length: 2 ** all.length }, (_, set) => all.filter((_one, index) => (set >> index) & 1));
}

/** The difference between a response and its documentation; null if there is none. */
export function wrong(operation, { refusal, mismatch, bound, scopes }, answer) {
  const { status, headers } = answer;
  const code = codeOf(answer);
  if (operation.isPublic)
    return status === 401 || status === 403 ? 'it is for everybody' : oddity(operation, answer, code);
  if (refusal !== undefined) {
    if (status !== 401 || code !== refusal) return `401 ${refusal} is expected`;
    return headers['www-authenticate']?.startsWith('Bearer realm="taskrunner"') ? null : 'no challenge';
  }
  if (mismatch) return status === 403 && code === 'TENANT_MISMATCH' ? null : '403 TENANT_MISMATCH is expected';
  if (bound && !operation.takesBound) return code === 'TOKEN_BOUND' ? null : 'TOKEN_BOUND is expected';
  const may = operation.scopes.length === 0 || operation.scopes.some((scope) => scopes.includes(scope));
  if (!may) {
    if (status !== 403 || code !== 'SCOPE_MISSING') return '403 SCOPE_MISSING is expected';
    return headers['www-authenticate']?.includes('error="insufficient_scope"') ? null : 'no challenge';
  }
  if (status === 401 || status === 403) return 'the scopes allow it';
  return oddity(operation, answer, code);
}
