// A stranger requests everything of a tenant in every way. The response must be, byte for byte, the one for something that never existed.
import { each } from './requests.mjs';
import { operationsOf } from './operations.mjs';
import { requestsOf } from './requests-of-strangers.mjs';
import { Absent, resourcesOf } from './resources.mjs';
import { SCOPES } from './tokens.mjs';

/** Unique parts of responses that create or plan something: ids, times, and digests of what the request itself contains. */
const NEW = [
  [/(?:run|sch)_[0-7][0-9a-hjkmnp-tv-z]{25}/g, 'ID'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/sha256:[0-9a-f]{64}/g, 'DIGEST'],
];
const TRACE = /"traceId":"[0-9a-f]{32}"/g;

/** `{count, findings}`: `count` probes, each two requests. */
export async function probes({
  server,
  document,
  minter,
  victim,
  stranger,
  runs,
  isSmall,
  settled = async () => undefined,
}) {
  const token = minter.token(victim);
  const all = await resourcesOf({ server, token, runs });
  await settled(all);
  const absent = new Absent(all);
  const before = await snapshotOf(server, token, all);
  const findings = [];
  const byOperation = new Map();
  let count = 0;
  const requests = [...requestsOf(document, all, isSmall)];
  const strangers = strangersOf(minter, victim, stranger).slice(isSmall ? -1 : 0);
  // A stranger's uploads are known to its own tenant, so they come last.
  for (const isUpload of [false, true])
    for (const who of strangers)
      await each(
        requests.filter(({ operation }) => (operation.id === 'upload') === isUpload),
        async (asked) => {
          const { operation, method } = asked;
          const found = await probe(server, absent, who, asked);
          if (found.isSame) return;
          count++;
          byOperation.set(operation.id, (byOperation.get(operation.id) ?? 0) + 1);
          if (found.why !== null) findings.push(`${method} ${asked.path} as ${who.name}: ${found.why}`);
        },
      );
  await leaks({ server, minter, stranger, document, names: absent.names }, findings);
  const after = await snapshotOf(server, token, all);
  for (const [path, text] of before)
    if (after.get(path) !== text) findings.push(`${path} is not what it was before the probes`);
  for (const { id, path } of operationsOf(document))
    if (path.startsWith('/api/') && path.includes('{') && !byOperation.has(id)) findings.push(`${id} was never asked`);
  const about = `${byOperation.size} routes, ${all.runs.length} runs, ${all.packs.length} packs, ${all.schedules.length} schedules`;
  return { count, findings, about };
}

function strangersOf(minter, victim, stranger) {
  const { sub } = minter.claims(victim, SCOPES);
  return [
    { name: 'a stranger', token: minter.token(stranger) },
    { name: 'a stranger of the same name', token: minter.token(stranger, SCOPES, { sub, name: 'the same' }) },
    // Its token is for both tenants, and the request names none. The first tenant applies.
    { name: 'a member of both, as the other', token: minter.token([stranger, victim], SCOPES) },
  ];
}

/** Compares the response for a real name with that for a name that never existed. */
async function probe(server, absent, { token }, { method, path, headers, body }) {
  const real = { method, path, headers, ...(body !== undefined && { body }) };
  const twin = JSON.parse(absent.twin(JSON.stringify(real)));
  if (JSON.stringify(twin) === JSON.stringify(real)) return { isSame: true, why: null };
  const [one, other] = [await server.ask({ ...real, token }), await server.ask({ ...twin, token })];
  const [answered, expected] = [one, other].map((answer) => plain(absent, answer));
  return {
    isSame: false,
    why:
      answered === expected
        ? null
        : `\n    it is told ${answered.slice(0, 600)}\n    of nothing ${expected.slice(0, 600)}`,
  };
}

function plain(absent, { status, headers, text }) {
  const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  let all = absent.plain(JSON.stringify([status, sorted, text.replaceAll(TRACE, '"traceId":""')]));
  if (status < 300) for (const [pattern, sign] of NEW) all = all.replaceAll(pattern, sign);
  return all;
}

/** No list of a stranger contains a name of the tenant. */
async function leaks({ server, minter, stranger, document, names }, findings) {
  // A short name that people chose may equal an ordinary word.
  const own = names.filter((name) => name.length >= 20);
  for (const { method, path, isPublic } of operationsOf(document)) {
    if (method !== 'GET' || isPublic || path.includes('{')) continue;
    const { text } = await server.ask({ path, token: minter.token(stranger) });
    const name = own.find((one) => text.includes(one));
    if (name !== undefined) findings.push(`GET ${path} tells a stranger of ${name}`);
  }
}

/** The tenant's data as the tenant sees it, which must be the same after the probes. */
async function snapshotOf(server, token, { runs, schedules, packs }) {
  const paths = [
    ...runs.flatMap(({ runId }) => ['', '/steps', '/gates', '/artifacts'].map((below) => `/api/runs/${runId}${below}`)),
    ...schedules.flatMap(({ scheduleId }) => ['', '/ticks'].map((below) => `/api/schedules/${scheduleId}${below}`)),
    ...packs.map(({ name, version }) => `/api/packs/${name}/${version}`),
  ];
  const seen = new Map();
  await each(paths, async (path) => seen.set(path, (await server.ask({ path, token })).text));
  return seen;
}
