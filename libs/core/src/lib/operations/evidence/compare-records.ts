import { digestOf } from '../../canonical/digest';
import type { ReleaseRecord } from '../../evidence/records/documents';
import { decodeEnvelope, type Envelope } from '../../evidence/encoding/envelope';
import type { EventOf, RunFacts } from '../../evidence/records/run-facts';
import type { Digest } from '../../foundation/ids';
import { isJsonObject } from '../../foundation/json';
import type { OutboxItem } from '../../ports/evidence/outbox';
import type { RunRecords } from '../../ports/runs/run-reader';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
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
    const found = digestOf(row.request);
    if (found !== expected || row.gateDigest !== expected)
      throw altered('gate', `the request of gate ${gate}`, expected, found === expected ? row.gateDigest : found);
    const named = isJsonObject(row.request) ? row.request['showDigest'] : null;
    const show = typeof named === 'string' ? named : 'none';
    const shown = digestOf(row.show);
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

function compareArtifacts({ artifacts }: RunRecords, facts: RunFacts, altered: Altered): void {
  const captured = new Set(facts.artifacts.map(artifactKey));
  const stray = artifacts.find((row) => !captured.has(artifactKey(row)));
  if (stray)
    throw altered('outputs', `artifact ${stray.name} of ${stray.step}`, 'an artifact in the journal', stray.digest);
}

function artifactKey(
  of: Pick<EventOf<'artifact.captured'>, 'step' | 'name' | 'path' | 'digest'> | RunRecords['artifacts'][number],
): string {
  const { step, name, path, digest } = of;
  return JSON.stringify([step, name, path, digest]);
}

function digestIn(envelope: Envelope): string {
  try {
    return decodeEnvelope(envelope).digest;
  } catch {
    return 'no envelope';
  }
}
