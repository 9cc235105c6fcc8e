import { createPublicKey } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import {
  algorithmOf,
  canonical,
  replanRun,
  sha256,
  trustedRecords,
  verifySignature,
  type AttestHands,
  type Digest,
  type DriverHands,
  type Json,
  type KeyUsage,
  type VerificationKey,
  type WorkerDescription,
} from '@taskrunner/core';
import {
  builtinExecutors,
  collect,
  databaseUrlsOf,
  environmentOf,
  EXECUTOR_BEHAVIOURS,
  FileObjectStore,
  FileSigner,
  isolationOf,
  keyPathsOf,
  loadMacKey,
  monotonicMs,
  openWorkerDatabase,
  probeSandbox,
  readOutputs,
  Supervisor,
  sweepWorkspaces,
  Workspace,
  writeTar,
  type Configuration,
  type KeyPaths,
  type SandboxHands,
  type SandboxProbe,
  type WorkerDatabase,
} from '@taskrunner/infrastructure';
import { randomBytes } from 'node:crypto';
import { AttestLoop } from './attest-loop';
import { ClaimLoop } from './claim-loop';
import { HealthController, Readiness } from './health.controller';
import { Lease } from './lease';
import { VERSION } from './version';
import { WorkerLog } from './worker-log';

const BUNDLE_BYTES = 4 * 1024 ** 3;
const BUNDLED_ARTIFACT_BYTES = 64 * 1024 ** 2;
const MAIL_INTERVAL_MS = 250;
const ATTEST_INTERVAL_MS = 1_000;
/** How long before its lease ends a worker's children are killed. */
const FENCE_MARGIN_MS = 2_000;

/** The worker, composed: one incarnation at a time, its supervisor, its loops. */
export class Worker {
  private lease: Lease | null = null;
  private stopping = false;
  private restarting = false;

  private constructor(
    private readonly database: WorkerDatabase,
    private readonly supervisor: Supervisor,
    private readonly url: string,
    private readonly description: WorkerDescription,
    private readonly claims: ClaimLoop,
    private readonly attests: AttestLoop,
    private readonly log: WorkerLog,
  ) {}

  /** Opens everything, proves the sandbox; starts nothing. */
  static async open(configuration: Configuration, log: WorkerLog): Promise<Worker> {
    const { workerUrl } = await databaseUrlsOf(configuration);
    if (!workerUrl) throw new TypeError('database.workerUrl is not configured');
    const { database: settings, worker: settingsOfWorker } = configuration;
    const database = await openWorkerDatabase(workerUrl, {
      connections: settings.poolSize,
      leaseMs: settingsOfWorker.lease,
      allowLoss: settings.allowUnsafe,
      onError: (error) => log.say('warn', 'database.connection-lost', { reason: error.message }),
    });
    const supervisor = Supervisor.start({ onExpired: () => log.say('error', 'supervisor.deadline', {}) });
    const objects = await FileObjectStore.open(configuration.artifacts.root);
    const keys = keyPathsOf(configuration);
    const probe = await prove(configuration, keys, supervisor, log);
    const description = describe(configuration, probe);
    const hands = await driverHands(configuration, { database, supervisor, objects, keys, probe, description, log });
    const attestHands = await attesting(configuration, { database, objects, keys, probe });
    const attests = new AttestLoop(attestHands, log, ATTEST_INTERVAL_MS);
    const claims = new ClaimLoop(
      database.claims,
      hands,
      log,
      {
        concurrency: settingsOfWorker.concurrency,
        claimIntervalMs: settingsOfWorker.claimInterval,
        mailIntervalMs: MAIL_INTERVAL_MS,
      },
      () => attests.wake(),
    );
    return new Worker(database, supervisor, workerUrl, description, claims, attests, log);
  }

  async start(): Promise<void> {
    const incarnation = await this.database.claims.register(this.description);
    this.supervisor.renew(incarnation.leaseMs - FENCE_MARGIN_MS);
    this.lease = new Lease(this.url, incarnation, ({ held, at, sent }) => {
      if (held) {
        const sentAtMs = Number(sent / 1_000n) / 1_000;
        this.database.clock.observe(at, performance.now() - (monotonicMs() - sentAtMs));
        this.supervisor.renew(incarnation.leaseMs - FENCE_MARGIN_MS, sentAtMs);
      } else void this.begin();
    });
    this.retire = () => this.database.claims.retire(incarnation);
    this.claims.start(incarnation);
    this.attests.start();
    this.log.say('info', 'worker.started', {
      name: this.description.name,
      isolation: this.description.isolation,
      probe: this.description.probe,
    });
  }

  /** Drains: stops claiming, lets runs end or park within the grace, hands over the rest. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    await this.claims.drain(graceMs);
    await this.attests.stop();
    await this.lease?.stop();
    // The children are gone before anyone else may claim what they belonged to.
    await this.supervisor.close();
    await this.retire().catch(() => undefined);
    await this.database.close();
  }

  /** A worker that honours no environment claims nothing: it is not ready. */
  async readiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }> {
    if (this.description.environments.length === 0)
      return { ready: false, reason: `the sandbox profile ${this.description.isolation} cannot be enforced here` };
    return this.database.readiness();
  }

  private retire: () => Promise<void> = async () => undefined;

  /** The lease was swept: this incarnation is over, another begins, however long the database stays away. */
  private async begin(): Promise<void> {
    if (this.stopping || this.restarting) return;
    this.restarting = true;
    this.log.say('error', 'lease.lost', {});
    this.claims.abandon();
    await this.lease?.stop();
    await this.claims.drain(0);
    await this.attests.stop();
    while (!this.stopping) {
      try {
        await this.start();
        break;
      } catch (error) {
        this.log.say('warn', 'worker.not-started', { reason: error instanceof Error ? error.message : String(error) });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    this.restarting = false;
  }
}

async function prove(
  configuration: Configuration,
  keys: KeyPaths,
  supervisor: Supervisor,
  log: WorkerLog,
): Promise<SandboxProbe> {
  const { sandbox, artifacts, database } = configuration;
  await mkdir(sandbox.workDirectory, { recursive: true, mode: 0o711 });
  await sweepWorkspaces(join(sandbox.workDirectory, 'runs'));
  const hidden = [
    configuration.keys.folder,
    keys.runOpen,
    keys.bundle,
    keys.journalMac,
    artifacts.root,
    ...(database.embedded.dataDirectory ? [database.embedded.dataDirectory] : []),
  ];
  const stubFolder = join(sandbox.workDirectory, 'stubs');
  await mkdir(stubFolder, { recursive: true });
  const options = { supervisor, stubFolder, roots: sandbox.roots, hidden };
  const wanted = isolationOf(configuration);
  const probe = await probeSandbox({ ...options, profile: wanted ?? 'bwrap-open/v1' });
  if (probe.available) return probe;
  log.say('warn', 'sandbox.unavailable', { profile: probe.profile, reason: probe.reason });
  return wanted === null ? probeSandbox({ ...options, profile: 'none/v1' }) : probe;
}

function describe(configuration: Configuration, probe: SandboxProbe): WorkerDescription {
  const environment = environmentOf(configuration, { isolation: probe.profile, executors: EXECUTOR_BEHAVIOURS });
  const digest = sha256(canonical(environment as unknown as Json));
  const { name, labels } = configuration.worker;
  return {
    name: name ?? hostname(),
    version: VERSION,
    build: sha256(`taskrunner-worker ${VERSION}`),
    isolation: probe.profile,
    probe: probe.digest,
    // A worker that cannot prove the configured isolation honours no environment: it claims nothing.
    environments: probe.available ? [digest] : [],
    labels,
  };
}

interface Parts {
  readonly database: WorkerDatabase;
  readonly supervisor: Supervisor;
  readonly objects: FileObjectStore;
  readonly keys: KeyPaths;
  readonly probe: SandboxProbe;
  readonly description: WorkerDescription;
  readonly log: WorkerLog;
}

async function driverHands(configuration: Configuration, parts: Parts): Promise<DriverHands> {
  const { database, supervisor, objects, keys, probe, description, log } = parts;
  const mac = await loadMacKey(keys.journalMac);
  const ring = {
    keys: [
      ...(await publicKeys(keys.admissionPublic, 'admission')),
      ...(await publicKeys(keys.ledgerPublic, 'ledger')),
    ],
    verifySignature,
  };
  const { interpreters } = configuration.sandbox;
  const sandboxHands: SandboxHands | null = probe.sandbox && {
    sandbox: probe.sandbox as unknown as SandboxHands['sandbox'],
    supervisor: supervisor as unknown as SandboxHands['supervisor'],
    createWorkspace: (options) => Workspace.create(options),
    readOutputs: (workspace) => readOutputs(workspace as Workspace),
    collect: (request, sink) => collect(request as unknown as Parameters<typeof collect>[0], sink),
  };
  return {
    claims: database.claims,
    committer: database.committer,
    logs: database.logStore,
    objects,
    clock: database.clock,
    executors: builtinExecutors({
      clock: database.clock,
      objects,
      hands: sandboxHands,
      workDirectory: join(configuration.sandbox.workDirectory, 'runs'),
      artifactMaxBytes: configuration.artifacts.maxBytes,
      interpreters,
    }),
    worker: description,
    ...trustedRecords(ring),
    mac: (text) => mac.mac(text),
    nonce: () => randomBytes(16).toString('hex'),
    replan: (run) => replanRun(run, objects, { secrets: {}, interpreters, egress: [], sensitiveInputs: false }),
    alarm: (run, code, detail) => log.say('error', 'alarm', { runId: run.runId, tenant: run.tenant, code, detail }),
  };
}

async function attesting(
  configuration: Configuration,
  parts: Pick<Parts, 'database' | 'objects' | 'keys' | 'probe'>,
): Promise<AttestHands> {
  const { database, objects, keys, probe } = parts;
  return {
    claims: database.claims,
    runReader: database.runReader,
    logs: database.logStore,
    objects,
    outbox: database.outbox,
    runSigner: await FileSigner.open('run-open', keys.runOpen),
    bundleSigner: await FileSigner.open('bundle', keys.bundle),
    developmentAuthority: configuration.authority.development,
    probes: new Map<Digest, string>(
      probe.sandbox ? [[probe.digest, canonical({ sandbox: probe.sandbox.describe(), reason: probe.reason })]] : [],
    ),
    artifactBytes: BUNDLED_ARTIFACT_BYTES,
    maxBundleBytes: BUNDLE_BYTES,
    archive: (files) => writeTar(files),
  };
}

/** Public keys from PEM files, for one usage. */
async function publicKeys(paths: readonly string[], usage: KeyUsage): Promise<readonly VerificationKey[]> {
  return Promise.all(
    paths.map(async (path) => {
      const spki = createPublicKey(await readFile(path, 'utf8'))
        .export({ type: 'spki', format: 'der' })
        .toString('base64');
      return { algorithm: algorithmOf(spki), spki, usages: [usage] };
    }),
  );
}

/** Health on its own port; the loops run beside it. */
@Module({})
export class WorkerModule {
  static of(worker: Worker): DynamicModule {
    return {
      module: WorkerModule,
      imports: [TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: 0 })],
      controllers: [HealthController],
      providers: [{ provide: Readiness, useValue: { ready: () => worker.readiness() } }],
    };
  }
}
