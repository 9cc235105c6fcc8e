import { canonical } from '@taskrunner/core/canonical';
import { runUuid, refusesDecisions } from '@taskrunner/core/foundation';
import { subjectKey, subjectsKey } from '@taskrunner/core/gate';
import { GateStore } from '@taskrunner/core/ports';
import {
  ComparedJson,
  compareEach,
  DocumentAltered,
  GateDocuments,
  isStoredTime,
  KnownAdmissions,
} from '@taskrunner/core/stored';
import type { Envelope } from '@taskrunner/core/evidence';
import type { Digest, JsonObject, RunId, TenantId } from '@taskrunner/core/foundation';
import type { DecisionKind } from '@taskrunner/core/gate';
import type { Decided, GatePlace, GateRow, SignedDecision } from '@taskrunner/core/ports';
import type { KnownGates, KnownSignatures, StoredDecision } from '@taskrunner/core/stored';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { admissionColumns, alteredPositions, inboxGuard } from '../encoding/run-rows';
import type { AdmissionRow } from '../encoding/summary-row';
import { isRequester } from '../encoding/shown-run';
import { LaterRecords } from './later-records';
import { statement } from '../connection/statement';

interface GateRecord extends AdmissionRow {
  readonly gate: string;
  readonly state: GateRow['state'];
  readonly gate_digest: string;
  readonly request: string;
  readonly show: string | null;
  readonly approvals: number;
  readonly required: number;
  readonly counted: readonly string[];
  readonly opened_ms: number;
  /** Null: a time without milliseconds, which only somebody else writes. */
  readonly expires_ms: number | null;
  readonly requester: GateRow['requester'];
  readonly run_status: string;
  readonly last_decided_ms: number;
  /** Not read for the list of open gates. */
  readonly misplaced?: boolean;
  readonly doomed: boolean;
  readonly decisions: readonly StoredDecision[];
}

interface Counted {
  readonly state: GateRow['state'];
  readonly approvals: number;
  readonly required: number;
}

interface Reasons {
  readonly status: string;
  readonly cancel_position: number;
  readonly misplaced: boolean;
  readonly last_decided_ms: number;
  readonly state: GateRow['state'] | null;
  readonly approvals: number;
  readonly required: number;
  readonly expired: boolean;
  readonly doomed: boolean;
  readonly counted: boolean;
  readonly mine: boolean;
  readonly latest: DecisionKind | null;
  readonly envelope: Envelope;
}

const ROUNDS = 20;

/**
 * Stores decisions, each in one SQL statement on the gate's row (docs/guides/approvals.md, Deciding). The reason for a refusal is read from
 * the rows afterwards.
 */
export class PostgresGateStore extends GateStore {
  private readonly ofRunStatement = statement('run-gates');
  private readonly openStatement = statement('open-gates');
  private readonly stampStatement = statement('stamp');
  private readonly decideStatement = statement('decide-gate');
  private readonly explainStatement = statement('explain-decision');
  private readonly auditStatement = statement('append-audit');
  private readonly listed: KnownGates = {
    json: new ComparedJson(),
    admissions: new KnownAdmissions(null),
    signatures: null,
  };
  private readonly known: KnownGates;
  private readonly later: LaterRecords;

  /** `signatures`: verifies admission and decisions of each gate that is not read for a list; null: the caller verifies them. */
  constructor(
    private readonly queries: TenantQueries,
    signatures: KnownSignatures | null,
  ) {
    super();
    this.known = { json: this.listed.json, admissions: new KnownAdmissions(signatures), signatures };
    this.later = new LaterRecords(queries, signatures);
  }

  async find(tenant: TenantId, run: RunId, gate: string): Promise<GateRow | null> {
    const [row] = await this.ofRun(tenant, run, [gate]);
    return row ?? null;
  }

  async ofRun(tenant: TenantId, run: RunId, gates: readonly string[]): Promise<readonly GateRow[]> {
    const values = [tenant, runUuid(run), gates];
    const rows = await withRetry(() => this.queries.inTenant<GateRecord>(tenant, this.ofRunStatement, values));
    return compareEach(rows, (row) => toGateRow(tenant, row, this.known));
  }

  async open(tenant: TenantId, limit: number, after: GatePlace | null): Promise<readonly GateRow[]> {
    const place = after === null ? [null, null, null] : [after.openedAt, runUuid(after.runId), after.gate];
    const values = [tenant, limit, ...place];
    const rows = await withRetry(() => this.queries.inTenant<GateRecord>(tenant, this.openStatement, values));
    return compareEach(rows, (row) => toGateRow(tenant, row, this.listed));
  }

  async now(): Promise<number> {
    const [row] = await withRetry(() => this.queries.across<{ at_ms: number }>(this.stampStatement, [1]));
    if (!row) throw new TypeError('no time');
    return row.at_ms;
  }

  /**
   * Rejects decisions with `RUN_ENDED` if the run's cancellation was requested, or if one of its gates was rejected or has expired. The
   * event that ends the run precedes such a decision in the inbox, so a decision answered with 200 would not count.
   */
  async decide(decision: SignedDecision): Promise<Decided> {
    const values = decideValues(decision);
    // The reason for a refusal may have disappeared before this query. The decision is then retried.
    for (let round = 0; round < ROUNDS; round++) {
      const [counted] = await withRetry(() =>
        this.queries.inTenant<Counted>(decision.tenant, this.decideStatement, values),
      ).catch(inboxGuard(decision));
      if (counted) return { kind: 'counted', ...shown(counted) };
      const refusal = await this.explain(decision);
      if (refusal) return refusal;
    }
    throw new Error('the decision was neither counted nor refused');
  }

  private async explain(decision: SignedDecision): Promise<Decided | null> {
    const { tenant, runId, gate, decisionId, person } = decision;
    const values = [tenant, runUuid(runId), gate, decisionId, usedUpBy(decision), person.iss, person.sub];
    const [found] = await withRetry(() => this.queries.inTenant<Reasons>(tenant, this.explainStatement, values));
    if (found?.misplaced && found.status !== 'halted') throw alteredPositions(tenant, runId);
    const reason: Decided | null = found ? reasonOf(decision, found) : { kind: 'refused', code: 'GATE_NOT_OPEN' };
    if (reason?.kind === 'too-early') await this.later.compare(tenant, runId, decision.decidedAt);
    return reason;
  }

  async audit(tenant: TenantId, event: JsonObject): Promise<void> {
    await this.queries.once(tenant, this.auditStatement, [tenant, canonical(event)]);
  }
}

function reasonOf({ decision, decidedAt, lastDecidedAt }: SignedDecision, found: Reasons): Decided | null {
  if (found.state === null) return { kind: 'refused', code: isOver(found) ? 'RUN_ENDED' : 'GATE_NOT_OPEN' };
  const state = shown({ state: found.state, approvals: found.approvals, required: found.required });
  if (found.mine) return { kind: 'counted', ...state };
  if (found.latest === decision) return { kind: 'repeated', envelope: found.envelope, ...state };
  if (found.state === 'expired' || (found.state === 'open' && found.expired)) {
    return { kind: 'refused', code: 'GATE_EXPIRED' };
  }
  if (found.state === 'approved' || found.state === 'rejected') return { kind: 'refused', code: 'GATE_DECIDED' };
  if (found.state === 'closed' || isOver(found)) return { kind: 'refused', code: 'RUN_ENDED' };
  // A person counts once. An approval that does not count cannot be withdrawn.
  if (decision === 'approved' && found.counted) return { kind: 'refused', code: 'GATE_ALREADY_COUNTED' };
  if (decision === 'withdrawn' && found.latest !== 'approved') return { kind: 'refused', code: 'GATE_NOT_APPROVED' };
  const isOutdated = lastDecidedAt !== null && found.last_decided_ms !== lastDecidedAt;
  return found.last_decided_ms >= decidedAt || isOutdated ? { kind: 'too-early' } : null;
}

function isOver({ status, cancel_position, doomed }: Reasons): boolean {
  return doomed || cancel_position > 0 || refusesDecisions(status);
}

function shown({ state, approvals, required }: Counted): Counted {
  return { state, approvals, required };
}

function decideValues(decision: SignedDecision): unknown[] {
  const { person } = decision;
  return [
    decision.tenant,
    runUuid(decision.runId),
    decision.gate,
    decision.decisionId,
    decision.decision,
    subjectKey(person),
    usedUpBy(decision),
    person.iss,
    person.sub,
    decision.decidedAt,
    JSON.stringify(decision.envelope),
    decision.recordDigest,
    decision.response === null ? null : JSON.stringify(decision.response),
    JSON.stringify(decision.message),
    canonical(decision.audit),
    decision.name,
    decision.lastDecidedAt,
  ];
}

/** Everyone whose approval this decision uses up, the person first: the delegator, and persons who act for them. */
function usedUpBy({ person, message }: SignedDecision): string {
  const deciders = message.type === 'gate.decided' ? message.decision : { person, onBehalfOf: null };
  return subjectsKey(deciders);
}

function toGateRow(tenant: TenantId, row: GateRecord, known: KnownGates): GateRow {
  const { gate, request, show, approvals, required, counted, decisions, initiators, requester } = row;
  const columns = admissionColumns(tenant, row);
  if (row.misplaced && row.run_status !== 'halted') throw alteredPositions(tenant, columns.runId);
  // One of them is a document that nobody can read.
  if (!Array.isArray(decisions)) throw misshapen(tenant, columns.runId, `the decisions at gate ${gate}`);
  const gateDigest = row.gate_digest as Digest;
  const numbers = { approvals, required, expiresAt: row.expires_ms ?? Infinity };
  const documents = GateDocuments.compare(
    { ...columns, gate, state: row.state, gateDigest, request, show, ...numbers, counted, decisions },
    known,
  );
  const times = [row.opened_ms, row.last_decided_ms];
  if (!times.every((time) => isStoredTime(time)) || !isRequester(requester))
    throw misshapen(tenant, columns.runId, `a time or the requester of gate ${gate}`);
  return {
    runId: columns.runId,
    gate,
    state: row.state,
    gateDigest,
    documents,
    ...numbers,
    openedAt: row.opened_ms,
    planHash: columns.planHash,
    pack: { name: row.pack_name, version: row.pack_version },
    requester,
    initiators,
    runStatus: row.run_status,
    doomed: row.doomed,
    lastDecidedAt: row.last_decided_ms,
    decisions,
  };
}

function misshapen(tenant: TenantId, runId: RunId, what: string): DocumentAltered {
  return new DocumentAltered({
    tenant,
    runId,
    document: 'gate',
    what,
    expected: 'a value that was written',
    found: 'another',
  });
}
