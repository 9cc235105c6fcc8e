// Every request in which a stranger can refer to an object of another tenant: in the path, the query, a header or the body.
import { filled, operationsOf } from './operations.mjs';
import { PLAIN } from './resources.mjs';

/** Values of a stranger for each parameter outside of the path. A new parameter must be added here. */
const QUERY = {
  limit: () => ['1'],
  cursor: ({ cursors }) => cursors.slice(0, 6),
  status: () => ['succeeded', 'waiting'],
  pack: ({ packs }) => packs.map(({ name }) => name),
  version: ({ packs }) => packs.map(({ version }) => version),
  label: () => ['ticket:SEC-42'],
  requester: () => ['ada', 'me'],
  createdAfter: () => ['2020-01-01T00:00:00Z'],
  createdBefore: () => ['2100-01-01T00:00:00Z'],
  q: ({ runs, packs }) => [...runs.slice(0, 2).map(({ runId }) => runId), ...packs.slice(0, 1).map(({ name }) => name)],
  wait: () => ['0s'],
  for: () => ['change'],
  parent: (_all, { run }) => ['', ...(run?.steps ?? [])].slice(0, 2),
  after: () => ['0'],
  before: () => ['9'],
  tail: () => ['2'],
  q: () => ['e'],
  step: (_all, { run }) => run?.steps.slice(0, 1) ?? [],
  level: () => ['info'],
  attempt: () => ['1'],
  follow: () => ['false'],
  against: ({ runs }) => runs.slice(0, 2).map(({ runId }) => runId),
  check: () => ['true'],
  format: () => ['svg'],
  mine: () => ['true'],
  stuck: () => ['any'],
  count: () => ['3'],
  runs: () => ['5'],
};
const HEADERS = {
  'If-None-Match': () => ['"v1"', '*', 'W/"v2"'],
  'If-Match': () => ['"r1"', '*'],
  'Idempotency-Key': ({ keyed }) => [keyed.key],
  Range: () => ['bytes=0-0', 'bytes=0-'],
  'Last-Event-ID': () => ['0', '1'],
};
const FILED = PLAIN.replace(', required: false', '').replace('security-plain', 'security-filed');

/** The published alias of every route. */
const PUBLISHED = '/v1/task-runner/';

/** Bodies that name the tenant's objects: packs for every route that takes a pack, otherwise by operation. */
const BODIES = {
  cancelRun: () => [undefined, { reason: 'mine' }, { reason: 'mine', force: true }],
  rerunRun: (_all, { run }) => ['start', 'failed', ...run.steps.slice(0, 1)].map((from) => ({ from })),
  releaseEvidence: () => [{ reason: 'mine' }, { reason: 'mine', paths: ['logs/1.log'] }],
  decide: (_all, { run }) =>
    ['approved', 'rejected', 'withdrawn'].flatMap((decision) =>
      (run.gates.length > 0 ? run.gates : [{ gateId: 'approve', gateDigest: null }]).map(({ gateId, gateDigest }) => ({
        ...{ gateId, decision, planHash: run.planHash, reason: 'mine' },
        ...(gateDigest && { gateDigest }),
      })),
    ),
  resolveAttention: () =>
    ['retry', 'failed', 'succeeded'].map((outcome) => ({ execution: 1, outcome, reason: 'mine' })),
  editSchedule: () => [{ paused: true }, { cron: '* * * * *' }],
  createSchedule: (all) =>
    packsOf(all).map((pack, number) => ({ name: `n${number}`, cron: '0 3 * * *', timeZone: 'UTC', ...pack })),
  publishPack: ({ packs }) => packs.map(({ name }) => ({ manifest: PLAIN.replace('security-plain', name) })),
  submitRun: (all) => [all.keyed.body, ...packsOf(all)],
  diffPlans: (all) =>
    packsOf(all).flatMap((pack) => [
      { before: pack, after: { manifest: PLAIN } },
      { before: { manifest: PLAIN }, after: pack },
    ]),
  testPack: (all) =>
    packsOf(all).map((pack) => ({ ...pack, scenarios: 'name: it ends well\nexpect: { status: succeeded }\n' })),
  planPack: packsOf,
  simulatePack: packsOf,
  drawPlan: packsOf,
};

function packsOf({ packs, upload, runs }) {
  return [
    ...packs.flatMap(({ name, version, digest }) => [{ pack: `${name}:${version}` }, { pack: `${name}@${digest}` }]),
    { bundle: { digest: upload.digest } },
    { manifest: FILED, inputs: { report: { digest: upload.digest } } },
    { manifest: FILED, inputs: { report: { digest: upload.digest, size: upload.bytes.length } } },
    ...runs
      .flatMap(({ artifacts }) => artifacts)
      .slice(0, 2)
      .map(({ digest }) => ({ manifest: FILED, inputs: { report: { digest } } })),
  ];
}

/**
 * Yields `{operation, method, path, headers, body}` as the tenant itself would send it. A small round has each request once, a whole one
 * also the published paths and HEAD.
 */
export function* requestsOf(document, all, isSmall) {
  for (const operation of operationsOf(document)) {
    if (operation.isPublic) continue;
    for (const place of placesOf(operation, all))
      for (const { query, headers, body } of variantsOf(operation, all, place)) {
        const { method } = operation;
        const path = `${filled(operation.path, place.names)}${query === null ? '' : `?${query}`}`;
        yield { operation, method, path, headers, body };
        // A repeated key is answered with the stranger's own run, whose state changes in the meantime. Each key is therefore used once.
        if (isSmall || headers['Idempotency-Key'] !== undefined) continue;
        yield { operation, method, path: path.replace('/api/', PUBLISHED), headers, body };
        if (method === 'GET') yield { operation, method: 'HEAD', path, headers, body };
      }
  }
}

/** Objects that a path can name. */
function placesOf({ path }, { runs, schedules, packs }) {
  const has = (name) => path.includes(`{${name}}`);
  if (has('scheduleId')) return schedules.map((names) => ({ names }));
  if (has('name'))
    return packs.flatMap(({ name, version, digest }) =>
      [version, digest].map((one) => ({ names: { name, version: one } })),
    );
  if (!has('runId')) return [{ names: {} }];
  return runs.flatMap((run) => {
    const inner = has('stepId')
      ? namesOr('make', run.steps).map((stepId) => ({ stepId }))
      : has('gateId')
        ? namesOr(
            'approve',
            run.gates.map(({ gateId }) => gateId),
          ).map((gateId) => ({ gateId }))
        : has('artifactId')
          ? namesOr(
              'art_1',
              run.artifacts.map(({ artifactId }) => artifactId),
            ).map((artifactId) => ({ artifactId }))
          : [{}];
    return inner.map((more) => ({ run, names: { runId: run.runId, ...more } }));
  });
}

/** Objects of a run, or names that it might have. */
function namesOr(guess, names) {
  return names.length > 0 ? names : [guess];
}

/** Without parameters, with each parameter, with each header, and with both. */
function variantsOf({ id, parameters, body }, all, place) {
  const valuesIn = (kind, table) =>
    parameters
      .filter((one) => one.in === kind)
      .flatMap(({ name }) => {
        if (table[name] === undefined) throw new Error(`${id}: nobody says what a stranger writes into ${name}`);
        return table[name](all, place).map((value) => [name, value]);
      });
  const queries = [null, ...valuesIn('query', QUERY).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)];
  const headers = [{}, ...valuesIn('header', HEADERS).map(([name, value]) => ({ [name]: value }))];
  const variants = queries.flatMap((query) =>
    headers.flatMap((chosen) =>
      bodiesOf(id, body, all, place).map((one) => ({ query, headers: { ...one.headers, ...chosen }, body: one.body })),
    ),
  );
  // The idempotency key of a submission is sent with its body; with another body the response would be about the key.
  const theirs = JSON.stringify(all.keyed?.body);
  return variants.filter(
    (one) => id !== 'submitRun' || one.headers['Idempotency-Key'] === undefined || one.body === theirs,
  );
}

function bodiesOf(id, body, all, place) {
  if (body === null) return [{ headers: {} }];
  const headers = { 'content-type': body.mediaType };
  if (!body.mediaType.includes('json')) return [{ headers, body: all.upload.bytes }];
  if (BODIES[id] === undefined) throw new Error(`${id}: nobody says what a stranger writes into its body`);
  return BODIES[id](all, place).map((one) =>
    one === undefined ? { headers: {} } : { headers, body: JSON.stringify(one) },
  );
}
