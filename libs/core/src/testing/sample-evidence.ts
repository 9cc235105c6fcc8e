import { buildPackStatement } from '../lib/evidence/statement/pack-signature';
import { canonical } from '../lib/canonical/canonical';
import { digestOf, sha256 } from '../lib/canonical/digest';
import type { SignedStatement } from '../lib/evidence/bundle/bundle-files';
import type { DecisionRecord } from '../lib/evidence/records/documents';
import { streamsOf, type RunEvidence } from '../lib/evidence/records/run-evidence';
import type { RunId } from '../lib/foundation/ids';
import type { JsonObject } from '../lib/foundation/json';
import type { Subject } from '../lib/foundation/principal';
import { RunDriver } from '../lib/operations/driver/drive-run';
import type { PackFiles } from '../lib/pack/pack-files';
import { readPack } from '../lib/pack/read-pack';
import { toManifest } from '../lib/pack/pack-digest';
import { buildPlan } from '../lib/planner/build-plan';
import { writeEgressLog } from '../lib/egress/egress-log';
import type { Environment } from '../lib/plan/profile';
import type { ClaimedRun } from '../lib/ports/runs/claims';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../lib/ports/step/executor';
import { MACHINE_VERSION } from '../lib/run/run-state';
import { MemoryWorld, type NamedExecutor } from './memory/memory-world';
import { testDefaults } from './random/random-plan';
import {
  aKey,
  SAMPLE_BUILDER,
  signedStatement,
  trustedKey,
  trustOf,
  type Sample,
  type SampleKey,
} from './sample-signing';

// A small but complete run: planned from a pack, driven by the real driver, gated by a policy and by people, with lines,
// artifacts, tools, egress; and keys that sign what it leaves.

const PACK = `
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: sample, version: 1.2.3 }
spec:
  inputs:
    - { name: image, type: string, required: true }
    - { name: regions, type: array, required: true }
  approvals:
    - { id: owners, grants: [packs.approve], minApprovals: 2 }
  policies:
    - { id: few, engine: cel, level: hard-mandatory, source: "size(steps.scan.outputs.hits) < 10" }
  steps:
    - id: scan
      run:
        uses: builtin:command
        with: { command: [scan, "{{ inputs.image }}"] }
        files: { list.json: { content: list } }
        egress: [{ url: "https://mirror.test" }]
        outputs: { hits: { type: array } }
        artifacts: [{ name: report, path: out/report.json }]
    - { id: few-hits, gate: { policy: few } }
    - { id: approve, gate: { approval: owners, message: "fix {{ inputs.image }}", show: { hits: "{{ steps.scan.outputs.hits }}" } } }
    - id: rollout
      map:
        items: "{{ inputs.regions }}"
        iterator: region
        steps:
          - id: apply
            run:
              uses: builtin:command
              with: { command: [apply, "{{ region }}", "{{ steps.scan.outputs.hits }}"] }
              files: { list.json: { content: list } }
              egress: [{ url: "https://mirror.test" }]
`;

/** Iterations over a range, each behind a gate of its own; what a step acts with is what the iteration before yielded. */
const LOOP = `    - id: turns
      loop:
        items: { range: { start: 10, end: 0, step: -5 } }
        until: "{{ item == 5 }}"
        delay: 2s
        body:
          - { id: ok, gate: { approval: owners, message: "turn {{ item }}" } }
          - { id: turn, run: { uses: "builtin:command", with: { command: [turn, "{{ item }}", "{{ previous.done || 'first' }}"] }, files: { list.json: { content: list } }, egress: [{ url: "https://mirror.test" }] } }
`;

const FILES: ReadonlyMap<string, string> = new Map([
  ['README.md', 'A sample pack.\n'],
  ['scripts/fix.sh', '#!/bin/sh\nexit 0\n'],
]);
const BOM_TYPE = 'application/vnd.cyclonedx+json';
const REPORT = '{"hits":["CVE-1","CVE-2"]}';

const packFiles: PackFiles = {
  paths: () => [...FILES.keys()],
  read: (path) => {
    const text = FILES.get(path);
    return text === undefined ? null : Buffer.from(text);
  },
  executable: (path) => path.endsWith('.sh'),
};

class SampleCommand extends Executor {
  readonly uses = 'builtin:command';

  constructor(
    private readonly fails: boolean,
    private readonly bom: string | null,
  ) {
    super();
  }

  async execute({ step, execution }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    await report.line('info', `hello from ${step}`);
    await report.line('warn', 'and more');
    report.fact({ type: 'tool.resolved', step, execution, path: '/usr/bin/tool', digest: sha256('tool') });
    report.fact({ type: 'material.mounted', step, execution, path: 'in/list.json', digest: sha256('list') });
    report.fact({ type: 'egress.closed', step, execution, allowed: 1, denied: 1, log: sha256(attemptsOf(step)) });
    if (step === 'scan') {
      const body = { digest: sha256(REPORT), size: REPORT.length, mediaType: 'application/json' };
      report.fact({ type: 'artifact.captured', step, execution, name: 'report', path: 'out/report.json', ...body });
      if (this.bom !== null) {
        const { bom } = this;
        const own = { digest: sha256(bom), size: Buffer.byteLength(bom), mediaType: BOM_TYPE };
        report.fact({ type: 'artifact.captured', step, execution, name: 'bom', path: 'out/bom.cdx.json', ...own });
      }
      return { kind: 'succeeded', outputs: { hits: ['CVE-1', 'CVE-2'] } };
    }
    if (this.fails) return { kind: 'failed', code: 'EXIT', message: 'no', retryable: false, exitCode: 1 };
    return { kind: 'succeeded', outputs: { done: step } };
  }
}

/** The proxy's log of one step's socket. */
function attemptsOf(step: string): string {
  const to = { via: 'connect' as const, port: 443, ms: step.length };
  return writeEgressLog(
    [{ scheme: 'https', host: 'mirror.test', port: 443 }],
    [
      { ...to, n: 1, host: 'mirror.test', sni: 'mirror.test', address: '93.184.216.34', sent: 517, received: 4_096, allowed: true, code: 'EGRESS_ALLOWED' },
      { ...to, n: 2, host: 'evil.test', sni: null, address: null, sent: 0, received: 0, allowed: false, code: 'EGRESS_NOT_LISTED' },
    ],
  ); // prettier-ignore
}

/** How a sample differs from the plain one. */
export interface SampleOptions {
  /** The steps behind the gate fail. */
  readonly fails?: boolean;
  readonly rejects?: boolean;
  /** `when` of its approval gate. */
  readonly gateWhen?: string;
  /** Text in place of the policy of its policy gate. */
  readonly policy?: string;
  /** What its worker takes for the run's inputs, whatever was admitted: a worker that lies. */
  readonly pretends?: JsonObject;
  /** What its worker takes for other things of the claimed run. */
  readonly claims?: Partial<ClaimedRun>;
  /** It is cancelled before it begins. */
  readonly cancels?: boolean;
  /** It ends with a loop that holds a gate. */
  readonly loop?: boolean;
  /** Its first step leaves this text as a CycloneDX document. */
  readonly bom?: string;
  /** Keys of usage `pack` that signed the pack. */
  readonly publishers?: readonly SampleKey[];
  /** Items of its map: 2 where nothing else is said. */
  readonly regions?: number;
  /** Entries after which its drivers write a snapshot. */
  readonly snapshotEntries?: number;
  /** Programs that may act for a person who decides. */
  readonly actors?: readonly Subject[];
  readonly algorithm?: 'ed25519' | 'ecdsa-p256';
  /** Changes decisions before they are signed, by the order of people. */
  readonly decision?: (person: number) => Partial<DecisionRecord>;
}

function packOf({ loop, gateWhen, policy, bom }: SampleOptions): string {
  const gated =
    gateWhen === undefined ? PACK : PACK.replace('{ id: approve, gate', `{ id: approve, when: "${gateWhen}", gate`);
  const judged = policy === undefined ? gated : gated.replace('size(steps.scan.outputs.hits) < 10', policy);
  const declared = `path: out/report.json }, { name: bom, path: out/bom.cdx.json, mediaType: ${BOM_TYPE} }`;
  const pack = bom === undefined ? judged : judged.replace('path: out/report.json }', declared);
  return loop === true ? pack + LOOP : pack;
}

/** Plans and drives the sample run to its end. */
export async function sampleRun(options: SampleOptions = {}): Promise<Sample> {
  const world = new MemoryWorld();
  if (options.actors) world.floor = { ...world.floor, actors: options.actors };
  const reading = readPack(packOf(options), packFiles);
  if (reading.kind !== 'read') throw new TypeError(JSON.stringify(reading.faults));
  const environment: Environment = {
    schema: 'taskrunner.environment.v1',
    machine: MACHINE_VERSION,
    mode: 'open',
    isolation: 'none/v1',
    limits: {},
    approvals: { floor: world.floor },
    packTrust: {},
    engines: {},
    executors: {},
    extensions: {},
  };
  const planning = buildPlan({
    pack: reading,
    files: packFiles,
    inputs: { image: 'nginx', regions: Array.from({ length: options.regions ?? 2 }, (_, i) => `r${i}`) },
    environment,
    configuration: {
      defaults: testDefaults,
      grants: [],
      secrets: {},
      interpreters: [],
      egress: [],
      sensitiveInputs: false,
    },
  });
  if (planning.kind !== 'planned') throw new TypeError(JSON.stringify(planning.faults));
  const publishers = options.publishers ?? [];
  const statement = buildPackStatement(planning.plan.pack, null);
  const signatures = publishers.map((key) => signedStatement(key, statement));
  const signers = publishers.map(({ trusted }) => trusted.keyid).sort();
  const run = world.submit(planning.plan, planning.values, signers, planning.profile.egress);
  const executors = [new SampleCommand(options.fails ?? false, options.bom ?? null)];
  world.at += 1_000;
  const by = { iss: 'https://issuer.test', sub: 'ada' };
  if (options.cancels === true)
    world.post(run, { type: 'run.cancel-requested', by, reason: 'not needed', force: false });
  await drive(world, run, executors, options);
  const isOver = (): boolean => ['succeeded', 'failed', 'cancelled'].includes(world.run(run).status);
  for (const [i, sub] of options.cancels === true || isOver() ? [] : ['grace', 'linus'].entries()) {
    world.at += 1_000;
    world.decide(run, 'approve', sub, options.rejects === true ? 'rejected' : 'approved', options.decision?.(i) ?? {});
    if (options.rejects === true) break;
  }
  world.at += 1_000;
  if (options.cancels !== true && !isOver()) await drive(world, run, executors, options);
  for (let turn = 0; options.loop === true && world.run(run).status !== 'succeeded'; turn++) {
    const gate = `turns[${turn}]::ok`;
    for (const sub of ['grace', 'linus']) {
      world.at += 1_000;
      world.decide(run, gate, sub);
    }
    world.at += 1_000;
    await drive(world, run, executors, options);
    world.at += 2_000;
    if (world.run(run).status !== 'succeeded') await drive(world, run, executors, options);
  }
  const keys = world['keys'];
  const known = (usage: 'admission' | 'ledger'): SampleKey => {
    return { privateKey: keys[usage].privateKey, trusted: trustedKey(keys[usage].publicKey, usage, 'ed25519') };
  };
  const own = {
    admission: known('admission'),
    ledger: known('ledger'),
    run: aKey('run-open', options.algorithm),
    bundle: aKey('bundle', options.algorithm),
  };
  return {
    evidence: evidenceOf(world, run, canonical(toManifest(reading.pack)), { signatures, bom: options.bom }),
    keys: own,
    trust: trustOf(Object.values(own)),
  };
}

async function drive(
  world: MemoryWorld,
  run: RunId,
  executors: readonly NamedExecutor[],
  { snapshotEntries, pretends, claims }: SampleOptions,
): Promise<void> {
  const dependencies = world.dependencies(executors, snapshotEntries === undefined ? {} : { snapshotEntries });
  const claim = world.claim(run);
  const inputs = { ...(claim.inputs as JsonObject) };
  const driver = await RunDriver.open(dependencies, { ...claim, inputs, ...claims });
  if (typeof driver === 'string') throw new TypeError('halted');
  // A worker that lies does so after it has compared what it was given.
  Object.assign(inputs, pretends);
  await driver.drive();
}

function evidenceOf(
  world: MemoryWorld,
  run: RunId,
  manifest: string,
  { signatures, bom }: { readonly signatures: readonly SignedStatement[]; readonly bom: string | undefined },
): RunEvidence {
  const { claimed } = world.run(run);
  const attempts = [...(world.rows.get(run)?.keys() ?? [])].map(attemptsOf);
  return {
    admission: claimed.admission,
    plan: claimed.plan,
    profile: claimed.profile,
    environment: claimed.environment,
    pack: {
      manifest,
      files: [...FILES].map(([path, text]) => {
        return {
          path,
          digest: sha256(text),
          size: text.length,
          executable: path.endsWith('.sh'),
          bytes: Buffer.from(text),
        };
      }),
      signatures,
    },
    pages: world.pages.get(run) ?? [],
    gates: [...(world.gates.get(run)?.values() ?? [])].map(({ request, show }) => ({
      request: canonical(request),
      show: canonical(show),
    })),
    decisions: (world.inbox.get(run) ?? []).flatMap(({ envelope }) => (envelope ? [envelope] : [])),
    resolutions: [],
    logs: streamsOf((world.chunks.get(run) ?? []).filter(({ firstLine }) => firstLine !== null)),
    egress: new Map(attempts.map((text) => [sha256(text), text])),
    probes: new Map(),
    artifacts: new Map(
      attempts.length === 0
        ? []
        : [REPORT, ...(bom === undefined ? [] : [bom])].map((t) => [sha256(t), Buffer.from(t)]),
    ),
    asserted: { builder: SAMPLE_BUILDER, audit: { seq: 42, head: digestOf('audit') } },
  };
}
