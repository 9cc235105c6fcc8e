import { chainFault, type AuditEntry } from '../../audit/audit-chain';
import { forkIn, openCheckpoint } from '../../audit/checkpoints';
import type { CheckpointRecord } from '../../records/documents';
import { withheldPaths } from '../../records/withheld';
import { withheldByJournal } from '../../records/withheld-by-journal';
import { fail, statedAsWithheld, type VerificationSession } from './verification-session';
import { found, type Checker, type Found } from './check';

/**
 * External checkpoints of the tenant's audit chain do not contradict the position that the statement names. With an export of the chain,
 * the run's seal and each of its decisions are entries of it, up to a checkpoint.
 */
export const checkpointsAgree: Checker = (bundle) => {
  const { audit, trust } = bundle.request;
  const { seq } = bundle.documents().evidence.asserted.audit;
  const own = ownCheckpoints(bundle);
  const after = own.filter(({ count }) => count >= seq).length;
  if (trust.require.checkpoints && after === 0) fail('no checkpoint covers the run');
  if (audit !== undefined) return auditAgrees(bundle, audit, own);
  if (own.length === 0) return found('absent', 'none were provided');
  return found('signed', `${own.length} checkpoints, ${after} cover the run`);
};

function ownCheckpoints(bundle: VerificationSession): readonly CheckpointRecord[] {
  const { checkpoints = [], trust, verifySignature } = bundle.request;
  const { tenant } = bundle.admission().record;
  const { seq, head } = bundle.documents().evidence.asserted.audit;
  const own = checkpoints
    .map((envelope) => openCheckpoint(envelope, trust, verifySignature))
    .filter(({ record }) => record.tenant === tenant);
  for (const { record, objection } of own) {
    if (objection !== null) fail(objection);
    if (record.count === seq && record.head !== head) fail(`at ${seq} the audit chain has another head`);
  }
  const records = own.map(({ record }) => record);
  const fork = forkIn(records);
  if (fork !== null) fail(`two checkpoints have different heads at entry ${fork}`);
  return records;
}

/** The export is a valid chain, contains the position in the statement, the seal and all decisions, and agrees with the checkpoints. */
function auditAgrees(
  bundle: VerificationSession,
  entries: readonly AuditEntry[],
  own: readonly CheckpointRecord[],
): Found {
  const broken = chainFault(entries);
  if (broken) fail(`audit entry ${broken.seq}: ${broken.reason}`);
  const at = new Map(entries.map((entry) => [entry.seq, entry]));
  const { seq, head } = bundle.documents().evidence.asserted.audit;
  if (seq > 0 && at.get(seq)?.hash !== head) fail(`the audit export does not have the entry ${seq} that the run names`);
  const sealed = sealOf(bundle, entries);
  recordsAgree(bundle, entries);
  let covering = 0;
  for (const { count, head: signed } of own) {
    const entry = at.get(count);
    if (entry && entry.hash !== signed) fail(`audit entry ${count} differs from the entry in a checkpoint`);
    if (entry && count >= sealed.seq) covering += 1;
  }
  if (covering === 0) {
    if (bundle.request.trust.require.checkpoints) fail('no checkpoint covers the seal of the run');
    return found('asserted', `audit entry ${sealed.seq} seals the run; no checkpoint covers it`);
  }
  return found('recomputed', `audit entry ${sealed.seq} seals the run, ${covering} checkpoints cover it`);
}

function sealOf(bundle: VerificationSession, entries: readonly AuditEntry[]): AuditEntry {
  const { runId } = bundle.admission().record;
  const statement = bundle.packRun().signed[0]?.opened.digest;
  const seals = entries.filter(({ event }) => event['type'] === 'run.sealed' && event['runId'] === runId);
  const own = seals.find(({ event }) => event['statement'] === statement);
  if (own && seals.length === 1) return own;
  if (seals.length > 0) return fail(`audit entry ${seals[0]?.seq ?? 0} seals the run with another statement`);
  return fail('no audit entry seals the run (releases that made no checkpoints wrote none)');
}

/** The decisions about the run in the chain and in the bundle are the same. */
function recordsAgree(bundle: VerificationSession, entries: readonly AuditEntry[]): void {
  const { runId } = bundle.admission().record;
  const inBundle = new Set<string>([...bundle.decisions().keys(), ...bundle.resolutions().keys()]);
  const inChain = new Set<string>();
  for (const { seq, event } of entries) {
    const { type, outcome, record, runId: run } = event;
    const counts = (type === 'gate.decision' && outcome === 'decided') || (type === 'attention.resolution' && outcome === 'resolved'); // prettier-ignore
    if (!counts || run !== runId || typeof record !== 'string') continue;
    if (!inBundle.has(record)) fail(`the bundle does not contain the decision of audit entry ${seq}`);
    inChain.add(record);
  }
  const missing = [...inBundle].find((record) => !inChain.has(record));
  if (missing !== undefined) fail(`no audit entry records the decision ${missing}`);
}

/** Lists what the evidence lacks. */
export const exceptionsShown: Checker = (bundle) => {
  const { exceptions } = bundle.packRun().statement.predicate;
  const documents = bundle.documents();
  const { released = [] } = documents.evidence;
  const withheld = [...withheldPaths(documents.evidence), ...released, ...withheldByJournal(documents)];
  const releases = bundle.releases();
  const unreleased = released.find((path) => !releases.some(({ paths }) => paths.includes(path)));
  if (unreleased !== undefined) fail(`${unreleased} is withheld, and no release lists it`);
  const stated = statedAsWithheld(bundle);
  if (withheld.some((path) => !stated.includes(path))) fail('a file is withheld that the statement does not list');
  if (exceptions.length === 0) return found('absent', 'none');
  const reasonOf = (path: string): string => {
    const release = releases.find(({ paths }) => paths.includes(path));
    return release && released.includes(path) ? ` (released by ${release.person.sub}: ${release.reason})` : '';
  };
  return found('signed', exceptions.map(({ kind, detail }) => `${kind} ${detail}${reasonOf(detail)}`).join(', '));
};
