import { createHmac, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { canonical } from '../../lib/canonical/canonical';
import { digestOf, sha256 } from '../../lib/canonical/digest';
import {
  PAYLOAD_TYPE,
  type AdmissionRecord,
  type DecisionRecord,
  type ResolutionRecord,
} from '../../lib/evidence/records/documents';
import { preAuthEncoding, type Envelope } from '../../lib/evidence/encoding/envelope';
import { toRunId, type Digest, type RunId, type TenantId } from '../../lib/foundation/ids';
import type { Json } from '../../lib/foundation/json';
import type { DecisionKind } from '../../lib/gate/gate-state';
import type { Page } from '../../lib/journal/page';
import type { DriverDependencies, ExecutorFailure } from '../../lib/operations/claimed-run/driver-dependencies';
import { plannedContents } from '../../lib/operations/packs/stored-contents';
import type { Plan } from '../../lib/plan/plan';
import type { ApprovalFloor, Environment, Profile } from '../../lib/plan/profile';
import type { ClaimedRun } from '../../lib/ports/runs/claims';
import type { WorkerDescription } from '../../lib/ports/workers/worker-description';
import type { Commit, StepRow } from '../../lib/ports/runs/committer';
import type { Executor } from '../../lib/ports/step/executor';
import { Archives } from '../../lib/ports/evidence/archives';
import type { LogChunk } from '../../lib/ports/runs/log-store';
import type { InboxMessage } from '../../lib/ports/runs/run-store';
import type { SealedInput } from '../../lib/ports/runs/sensitive-inputs';
import type { InputEventBody } from '../../lib/run/run-event';
import { MACHINE_VERSION } from '../../lib/run/run-state';
import { RunDocuments } from '../../lib/stored/run-documents';
import { MemoryAssignments } from './memory-assignments';
import { MemoryClaims } from './memory-claims';
import { MemoryCommitter } from './memory-committer';
import { MemoryLogs } from './memory-logs';
import { healthOf, MemoryObjects } from './memory-objects';
import { testDefaults, testFloor } from '../random/random-plan';
import type { StoredRun } from './world-records';

// A world in memory for tests of the driver: one tenant, any number of runs, the rules of the real store. Its keys are created with it.

const TENANT = 'acme' as TenantId;
const zero = digestOf('zero');

/** An executor of a test, with the `uses` that it is for. */
export interface NamedExecutor extends Executor {
  readonly uses: string;
}

/** Runs, pages, rows, inboxes and objects in memory. */
export class MemoryWorld {
  readonly runs = new Map<RunId, StoredRun>();
  readonly pages = new Map<RunId, (Page & { mac: string })[]>();
  readonly rows = new Map<RunId, Map<string, StepRow>>();
  readonly gates = new Map<
    RunId,
    Map<string, { gate: string; state: string; gateDigest: Digest; request: Json; show: Json }>
  >();
  readonly inbox = new Map<RunId, InboxMessage[]>();
  readonly chunks = new Map<RunId, (LogChunk & { firstLine: number | null })[]>();
  readonly objectBytes = new Map<string, Uint8Array>();
  readonly sensitive = new Map<RunId, readonly SealedInput[]>();
  readonly outbox: Json[] = [];
  readonly assignments = new MemoryAssignments(this);
  /** Environment of runs that are submitted from now on. */
  engines: Environment['engines'] = {};
  /** Approval floor of runs that are submitted from now on. */
  floor: ApprovalFloor = testFloor;
  /** Runs that were released because the worker cannot honour them. */
  readonly passed: { readonly runId: RunId; readonly parts: string; readonly keep: boolean }[] = [];
  readonly alarms: { readonly code: string; readonly detail: Json }[] = [];
  readonly executorFailures: ExecutorFailure[] = [];
  at = Date.UTC(2026, 0, 1);
  /** Called before each commit: tests lose claims, post messages, or crash. */
  beforeCommit: (commit: Commit) => void = () => undefined;
  private readonly keys = { admission: generateKeyPairSync('ed25519'), ledger: generateKeyPairSync('ed25519') };
  private readonly macKey = randomBytes(32);
  private next = 1n;

  /** Accepts a run of this plan. */
  submit(
    plan: Plan,
    inputs: Json = {},
    signers: readonly string[] = [],
    egress: Profile['egress'] = [],
    secrets: Profile['secrets'] = [],
    rerun: { readonly of: RunId; readonly from: string } | null = null,
  ): RunId {
    const runId = toRunId(`01900000-0000-7000-8000-${(this.next++).toString(16).padStart(12, '0')}`);
    const environment: Environment = {
      schema: 'taskrunner.environment.v1',
      machine: MACHINE_VERSION,
      mode: 'open',
      isolation: 'none/v1',
      limits: {},
      approvals: { floor: this.floor },
      packTrust: {},
      engines: this.engines,
      executors: {},
      extensions: {},
    };
    const environmentText = canonical(environment as unknown as Json);
    const profile: Profile = {
      schema: 'taskrunner.profile.v1',
      environment: sha256(environmentText),
      defaults: testDefaults,
      egress,
      secrets,
      images: {},
    };
    const profileText = canonical(profile as unknown as Json);
    const planText = canonical(plan as unknown as Json);
    const pack = {
      name: plan.pack.name,
      version: plan.pack.version,
      contentDigest: plan.pack.contentDigest,
      sourceDigest: zero,
    };
    const record: AdmissionRecord = {
      schema: 'taskrunner.admission.v1',
      runId,
      tenant: TENANT,
      initiators: [{ iss: 'https://issuer.test', sub: 'ada', kind: 'person' }],
      pack: { ...pack, signers },
      planHash: sha256(planText),
      profileDigest: sha256(profileText),
      scheduleId: null,
      rerunOf: rerun?.of ?? null,
      ...(rerun && { rerun: { from: rerun.from, head: this.run(rerun.of).head ?? zero } }),
      acceptedAt: new Date(this.at).toISOString(),
      nonce: randomBytes(16).toString('hex'),
    };
    const claimed: ClaimedRun = {
      tenant: TENANT,
      runId,
      fence: 0,
      crashes: 0,
      quarantine: false,
      plan: planText,
      planHash: record.planHash,
      profile: profileText,
      profileDigest: record.profileDigest,
      environment: environmentText,
      pack,
      manifest: '{}',
      files: [],
      inputs,
      admission: this.seal('admission', PAYLOAD_TYPE.admission, record as unknown as Json),
      admissionDigest: digestOf(record as unknown as Json),
      lastSeq: 0,
      lastLine: 0,
      head: null,
      mac: null,
      seen: 0,
    };
    this.runs.set(runId, {
      claimed,
      fence: 0,
      owner: null,
      lastSeq: 0,
      lastLine: 0,
      head: null,
      snapshotSeq: null,
      seen: 0,
      inbox: 0,
      crashes: 0,
      dueAt: this.at,
      committedAt: null,
      areStepsJournaled: false,
      status: 'queued',
      halted: null,
      run: null,
    });
    for (const map of [this.pages, this.inbox, this.chunks]) (map as Map<RunId, unknown[]>).set(runId, []);
    this.rows.set(runId, new Map());
    this.gates.set(runId, new Map());
    return runId;
  }

  /** Claims a run regardless of its owner, whose fence becomes stale. `crashed` counts it. */
  claim(runId: RunId, crashed = false): ClaimedRun {
    const run = this.run(runId);
    run.fence++;
    run.owner = `w${run.fence}`;
    if (crashed) run.crashes++;
    const { fence, crashes, lastSeq, lastLine, head, snapshotSeq, seen, committedAt } = run;
    return { ...run.claimed, fence, crashes, lastSeq, lastLine, head, snapshotSeq, seen, committedAt };
  }

  /** The clock is set back, and the sweep corrects the times that were set while it was ahead. */
  setClockBack(to: number): void {
    this.at = to;
    for (const run of this.runs.values()) {
      const { dueAt, committedAt } = run;
      if (committedAt === null || committedAt <= to) continue;
      if (dueAt !== null) run.dueAt = to + Math.max(0, dueAt - committedAt);
      run.committedAt = to;
    }
  }

  run(runId: RunId): StoredRun {
    const run = this.runs.get(runId);
    if (!run) throw new TypeError('no such run');
    return run;
  }

  post(runId: RunId, supplied: InboxMessage['input'], envelope: Envelope | null = null, response: Json = null): void {
    const run = this.run(runId);
    this.inbox.get(runId)?.push({ position: ++run.inbox, input: supplied, envelope, response, postedAt: this.at });
    run.dueAt = this.at;
  }

  /** A signed decision at an open gate, as the webservice posts it. */
  decide(
    runId: RunId,
    gate: string,
    sub: string,
    decision: DecisionKind = 'approved',
    change: Partial<DecisionRecord> = {},
  ): void {
    const row = this.gates.get(runId)?.get(gate);
    if (!row) throw new TypeError('no such gate');
    const record: DecisionRecord = {
      schema: 'taskrunner.decision.v1',
      decisionId: randomBytes(8).toString('hex'),
      runId,
      tenant: TENANT,
      gate,
      planHash: this.run(runId).claimed.planHash,
      gateDigest: row.gateDigest,
      decision,
      response: null,
      person: { iss: 'https://issuer.test', sub },
      onBehalfOf: null,
      grants: ['packs.approve'],
      bound: 'gate',
      authTime: new Date(this.at).toISOString(),
      acr: null,
      reason: null,
      decidedAt: new Date(this.at).toISOString(),
      proof: { kind: 'service' },
      ...change,
    };
    row.state = decision === 'approved' ? 'approved' : 'rejected';
    this.post(
      runId,
      { type: 'gate.decided', step: gate } as InputEventBody,
      this.seal('ledger', PAYLOAD_TYPE.decision, record as unknown as Json),
    );
  }

  seal(usage: 'admission' | 'ledger', payloadType: string, document: Json): Envelope {
    const payload = Buffer.from(canonical(document));
    const sig = sign(null, preAuthEncoding(payloadType, payload), this.keys[usage].privateKey);
    return {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ keyid: '', sig: sig.toString('base64') }],
    };
  }

  dependencies(executors: readonly NamedExecutor[], change: Partial<DriverDependencies> = {}): DriverDependencies {
    const { keys, macKey, alarms, executorFailures } = this;
    const objects = new MemoryObjects(this.objectBytes);
    const worker: WorkerDescription = {
      name: 'w',
      version: '1',
      build: zero,
      isolations: ['none/v1'],
      probe: zero,
      environments: [],
      labels: [],
    };
    const open = (usage: 'admission' | 'ledger', payloadType: string, envelope: Envelope): Json | null => {
      const payload = Buffer.from(envelope.payload, 'base64');
      const sig = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
      if (envelope.payloadType !== payloadType) return null;
      return verify(null, preAuthEncoding(payloadType, payload), keys[usage].publicKey, sig)
        ? (JSON.parse(payload.toString()) as Json)
        : null;
    };
    return {
      claims: new MemoryClaims(this),
      committer: new MemoryCommitter(this),
      logs: new MemoryLogs(this),
      archives: new NoArchives(),
      objects,
      storeHealth: healthOf(change.objects ?? objects),
      references: { need: async () => undefined },
      mayAct: async () => undefined,
      clock: { now: () => this.at },
      executors: new Map(executors.map((executor) => [executor.uses, executor])),
      judges: new Map(),
      announcing: { streams: () => [], people: null },
      worker,
      openAdmission: (envelope) => open('admission', PAYLOAD_TYPE.admission, envelope) as AdmissionRecord | null,
      openDecision: (envelope) => {
        const record = open('ledger', PAYLOAD_TYPE.decision, envelope);
        return record === null ? null : { record: record as unknown as DecisionRecord, digest: digestOf(record) };
      },
      openResolution: (envelope) => {
        const record = open('ledger', PAYLOAD_TYPE.resolution, envelope);
        return record === null ? null : { record: record as unknown as ResolutionRecord, digest: digestOf(record) };
      },
      mac: (text) => createHmac('sha256', macKey).update(text).digest('hex'),
      secrets: { bindings: [], providers: new Map(), sensitive: null, providerFailed: () => undefined },
      nonce: () => randomBytes(16).toString('hex'),
      replan: async (run) => sha256(run.plan),
      executorFailed: (_run, failure) => void executorFailures.push(failure),
      contents: async (run) => plannedContents(RunDocuments.compare(run).index),
      alarm: (_run, code, detail) => void alarms.push({ code, detail }),
      ...change,
    };
  }
}

/** Rows of a world stay. */
class NoArchives extends Archives {
  async chunks() {
    return null;
  }
  async journal() {
    return null;
  }
}
