import { digestIfJson } from '../../canonical/digest';
import type { ReleaseRecord } from '../../evidence/records/documents';
import { decodeEnvelope, type Envelope } from '../../evidence/encoding/envelope';
import type { RunFacts } from '../../evidence/records/run-facts';
import type { Digest } from '../../foundation/ids';
import { isJsonObject } from '../../foundation/json';
import type { OutboxItem } from '../../ports/evidence/outbox';
import type { RunRecords } from '../../ports/runs/run-reader';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import { artifactKey } from '../../journal/journaled-run';
import { isMessageOf } from '../../run/run-end';
import { compareEach, DocumentAltered, type StoredDocument } from '../../stored/document-altered';

/** Opens envelopes under the keys that this worker trusts. Returns null for an envelope that does not verify. */
export interface RecordKeys {
  readonly openAdmission: DriverDependencies['openAdmission'];
  readonly openDecision: DriverDependencies['openDecision'];
  readonly openResolution: DriverDependencies['openResolution'];
  readonly openRelease: (envelope: Envelope) => ReleaseRecord | null;
}

type Of = Pick<OutboxItem, 'tenant' | 'runId'>;

/**
 * Compares the rows of an ended run with its journal, whose chain and MACs were verified. Each document must be signed or named by the
 * journal, and every document that the journal names must exist. Throws one `DocumentAltered` for all differences.
 */
export function compareRecords(keys: RecordKeys, of: Of, records: RunRecords, facts: RunFacts): void {
  const altered = alteredOf(of);
  compareEach(
    [
      () => compareSigner(keys, records, altered),
      () => compareGates(records, facts, altered),
      () => compareDecisions(keys, of, records, facts, altered),
      () => compareResolutions(keys, of, records, facts, altered),
      () => compareArtifacts(records, facts, altered),
      () => compareEnd(records, facts, altered),
    ],
    (compare) => compare(),
  );
}

type Altered = (document: StoredDocument, what: string, expected: string, found: string) => DocumentAltered;

function alteredOf({ tenant, runId }: Of): Altered {
  return (document, what, expected, found) => new DocumentAltered({ tenant, runId, document, what, expected, found });
}

function compareSigner(keys: RecordKeys, { admission }: RunRecords, altered: Altered): void {
  if (keys.openAdmission(admission) === null)
    throw altered('admission', 'the signature of the admission record', 'one of a configured key', 'none');
}

function compareGates({ gates }: RunRecords, { gates: opened }: RunFacts, altered: Altered): void {
  const rows = new Map(gates.map((row) => [row.gate, row]));
  const journaled = new Map(opened.map((gate) => [gate.opened.step as string, gate.opened.gateDigest]));
  for (const [gate, expected] of journaled) {
    const row = rows.get(gate);
    if (!row) throw altered('gate', `the row of gate ${gate}`, expected, 'none');
    const found = digestIfJson(row.request) ?? 'no document';
    if (found !== expected || row.gateDigest !== expected)
      throw altered('gate', `the request of gate ${gate}`, expected, found === expected ? row.gateDigest : found);
    const named = isJsonObject(row.request) ? row.request['showDigest'] : null;
    const show = typeof named === 'string' ? named : 'none';
    const shown = digestIfJson(row.show) ?? 'no document';
    if (shown !== show) throw altered('show', `what gate ${gate} shows`, show, shown);
  }
  const stray = gates.find(({ gate }) => !journaled.has(gate));
  if (stray) throw altered('gate', `the row of gate ${stray.gate}`, 'none in the journal', stray.gateDigest);
}

function compareDecisions(
  keys: RecordKeys,
  { tenant, runId }: Of,
  { decisions }: RunRecords,
  { gates }: RunFacts,
  altered: Altered,
): void {
  const found = new Set<Digest>();
  for (const { gate, decisionId, envelope } of decisions) {
    const opened = keys.openDecision(envelope);
    const { record } = opened ?? {};
    if (
      !record ||
      record.runId !== runId ||
      record.tenant !== tenant ||
      record.gate !== gate ||
      record.decisionId !== decisionId
    )
      throw altered(
        'decision',
        `decision ${decisionId} at gate ${gate}`,
        'the record that was signed',
        digestIn(envelope),
      );
    found.add(opened?.digest as Digest);
  }
  for (const { decided, opened } of gates)
    for (const { record } of decided)
      if (!found.has(record)) throw altered('decision', `a decision at gate ${opened.step}`, record, 'none');
}

function compareResolutions(
  keys: RecordKeys,
  { tenant, runId }: Of,
  { resolutions }: RunRecords,
  { ofStep }: RunFacts,
  altered: Altered,
): void {
  const found = new Set<Digest>();
  for (const envelope of resolutions) {
    const opened = keys.openResolution(envelope);
    if (opened?.record.runId !== runId || opened.record.tenant !== tenant)
      throw altered('resolution', 'a resolution', 'a record that was signed', digestIn(envelope));
    found.add(opened.digest);
  }
  for (const facts of ofStep.values())
    for (const fact of facts)
      if (fact.type === 'attention.resolved' && !found.has(fact.record))
        throw altered('resolution', `the resolution of ${fact.step}`, fact.record, 'none');
}

/** Rows are added with the entries of the journal: they name the same artifacts, each as often. */
function compareArtifacts({ artifacts }: RunRecords, facts: RunFacts, altered: Altered): void {
  const left = new Map<string, number>();
  for (const fact of facts.artifacts) left.set(artifactKey(fact), (left.get(artifactKey(fact)) ?? 0) + 1);
  for (const row of artifacts) {
    const count = left.get(artifactKey(row)) ?? 0;
    if (count === 0)
      throw altered('artifact', `artifact ${row.name} of ${row.step}`, 'an artifact in the journal', row.digest);
    left.set(artifactKey(row), count - 1);
  }
  if (artifacts.length < facts.artifacts.length)
    throw altered('artifact', 'the list of artifacts', String(facts.artifacts.length), String(artifacts.length));
}

function compareEnd({ summary: { status, message } }: RunRecords, { ended }: RunFacts, altered: Altered): void {
  if (!ended) return;
  if (ended.status !== status) throw altered('status', 'the status', ended.status, status);
  if (!isMessageOf(message, ended))
    throw altered(
      'status',
      'the message of the run',
      ended.message?.digest ?? 'none',
      digestIfJson(message) ?? 'no document',
    );
}

function digestIn(envelope: Envelope): string {
  try {
    return decodeEnvelope(envelope).digest;
  } catch {
    return 'no envelope';
  }
}
