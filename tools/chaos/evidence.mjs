// The referee's input: rows and the ledger, bytes of the object store, effects, captured streams, bundles.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const { readTrust, verifyRun, verifySignature } = require('@taskrunner/core/evidence');
const { toRunId } = require('@taskrunner/core/foundation');
const { cedarEngine } = require('@taskrunner/infrastructure/policies');
const { unpackedPage } = require('@taskrunner/infrastructure/postgres');

/** Number of logs that are read concurrently, and the time limit for all. */
const READERS = 6;
const READING_MS = 300_000;

/**
 * Collects the evidence of a campaign. `leftovers`: processes that should have ended; `measures`: figures with a limit; `objects`:
 * disturbances of the store, and the errors that were reported; `storage`: those of a storage folder.
 */
export async function collectEvidence({ stack, workload, leftovers, measures, objects, storage }) {
  const { database } = stack;
  const rows = async (text) => {
    const all = await database.ask(text);
    return all.map(({ run_id, ...row }) => ({ run: toRunId(run_id), ...row }));
  };
  const late = new Set(workload.late.map(({ run_id }) => toRunId(run_id)));
  const evidence = {
    accepted: [...workload.accepted].map(([run, facts]) => ({ run, ...facts, isLate: late.has(run) })),
    runs: Object.fromEntries(
      (await rows(`select run_id, status, error->>'code' as code, last_line::int from pack_runs.runs`)).map(
        ({ run, status, code, last_line }) => [run, { status, code, lastLine: last_line }],
      ),
    ),
    statuses: await rows(`select run_id, old_status as "from", new_status as "to" from chaos.statuses order by at`),
    pages: await rows(
      `select run_id, first_seq::int as "firstSeq", fence::int, run_fence::int as "runFence" from chaos.pages order by at`,
    ),
    journal: await journalOf(rows),
    steps: {},
    decisions: await rows(`select run_id, decision, decided_ms::float8 as at from pack_runs.decisions`),
    artifacts: [],
    seals: await rows(`select run_id, bundle, tenant_id from pack_artifacts.attestations`),
    bundles: {},
    archived: {},
    live: {},
    effects: stack.effects.effects,
    leftovers,
    measures,
    objects,
    storage,
    exits: stack.workers.all.map(({ name, end, asked, said }) => ({
      worker: name,
      ...end,
      asked,
      said: asked === null || asked === 'SIGTERM' ? said : [],
    })),
  };
  const object = (tenant, digest) => join(stack.objects, 't', tenant, 'sha256', digest.slice(7, 9), digest.slice(7));
  // A repeated step keeps the artifacts of its last execution.
  const artifacts = await rows(`select distinct on (run_id, step, name) a.run_id, tenant_id, name, digest, size::float8
    from pack_artifacts.artifacts a where execution = (select max(execution) from pack_artifacts.artifacts b
      where b.tenant_id = a.tenant_id and b.run_id = a.run_id and b.step = a.step) order by run_id, step, name`);
  for (const { tenant_id, ...artifact } of artifacts)
    evidence.artifacts.push({ ...artifact, stored: await bytesOf(object(tenant_id, artifact.digest)) });
  const trust = readTrust(readFileSync(stack.dev.trustPath, 'utf8'));
  for (const { run, tenant_id, bundle } of evidence.seals)
    evidence.bundles[run] = await readBundle(object(tenant_id, bundle), run, trust, evidence.journal[run]);
  const sealed = evidence.seals.map(({ run }) => run);
  const isOver = deadline(READING_MS);
  const read = async () => {
    for (let run = sealed.pop(); run !== undefined; run = sealed.pop()) {
      const { lines, isWhole } = await workload.ada.lines(run, { isOver });
      if (!isWhole) throw new Error(`the log of ${run} cannot be read to its end`);
      evidence.archived[run] = lines;
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  // Those of small runs have no rows, and readers see them as well.
  const shown = Object.keys(evidence.runs);
  const readSteps = async () => {
    for (let run = shown.pop(); run !== undefined; run = shown.pop())
      evidence.steps[run] = await stepsOf(workload.ada, run);
  };
  await Promise.all(Array.from({ length: READERS }, readSteps));
  for (const [run, stream] of workload.streams) evidence.live[run] = await stream;
  return evidence;
}

/** The steps of a run that are no containers, as the API shows them. */
async function stepsOf(caller, run) {
  const steps = [];
  for (let cursor = ''; ;) {
    const answer = await caller.ask('GET', `/api/runs/${run}/steps?limit=1000${cursor}`);
    if (answer?.status !== 200) throw new Error(`the steps of ${run} cannot be read: ${answer?.body.code}`);
    for (const { id: step, kind, status, attempts } of answer.body.items)
      if (kind === 'run') steps.push({ step, status, attempts });
    const { nextCursor } = answer.body;
    if (nextCursor === null) return steps;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
  }
}

async function journalOf(rows) {
  const pages = await rows(
    `select run_id, first_seq::int, fence::int, content from pack_run_logs.journal order by run_id, first_seq`,
  );
  const entries = pages.flatMap(({ run, first_seq: page, fence, content }) =>
    JSON.parse(unpackedPage(content).entries).map(({ seq, at, event }) => ({ run, seq, at, page, fence, event })),
  );
  return grouped(entries);
}

/** Rows by run, in order. */
function grouped(rows) {
  const groups = {};
  for (const { run, ...row } of rows) (groups[run] ??= []).push(row);
  return groups;
}

async function bytesOf(path) {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const piece of createReadStream(path)) {
      hash.update(piece);
      size += piece.length;
    }
  } catch {
    return null;
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

/** The output of `taskrunner verify` for a bundle, what the bundle attests, and the run's lines in it. */
async function readBundle(path, run, trust, journal = []) {
  const { readBundleFile } = require(join(ROOT, 'apps/cli/dist/packs/read-bundle.js'));
  const { files, faults } = await readBundleFile(path);
  const { ok, checks } = verifyRun({
    files,
    trust,
    verifySignature,
    expect: { run },
    allowDev: true,
    now: Date.now(),
    policyEngines: { cedar: cedarEngine },
    archiveFaults: faults,
  });
  const statement = JSON.parse(text(files, 'attestations/pack-run.sigstore.json') || '{}').dsseEnvelope?.payload ?? '';
  const { subject = [] } = JSON.parse(Buffer.from(statement, 'base64').toString() || '{}');
  return {
    ok,
    failed: checks.filter((check) => !check.ok).map(({ name, detail }) => `${name} (${detail})`),
    artifacts: subject.map(({ digest }) => `sha256:${digest.sha256}`),
    lines: linesIn(files, journal),
  };
}

/** The lines of a bundle's log files in the order of their journaled numbers. */
function linesIn(files, journal) {
  const numbered = journal.filter(({ event }) => event.type === 'log').map(({ event }) => event);
  const streams = [...new Set(numbered.map(({ step, execution }) => `${execution} ${step}`))];
  const left = new Map(
    streams.map((stream, i) => [stream, text(files, `logs/${String(i + 1).padStart(6, '0')}.log`).split('\n')]),
  );
  // Each stored line begins with a letter for its level.
  return numbered.flatMap(({ step, execution, lines }) =>
    left
      .get(`${execution} ${step}`)
      .splice(0, lines)
      .map((line) => line.slice(1)),
  );
}

const text = (files, path) => Buffer.from(files.get(path) ?? []).toString('utf8');

function deadline(ms) {
  const end = Date.now() + ms;
  return () => Date.now() > end;
}
