import { sha256 } from '@taskrunner/core/canonical';
import type { Fault } from '@taskrunner/core/foundation';
import {
  isStoreOutage,
  type ExecutionReport,
  type ExecutionRequest,
  type ObjectStore,
  type Outcome,
  type StepExit,
  type StepOwner,
  type StepWorkspace,
} from '@taskrunner/core/ports';
import { ArtifactCapture } from './artifact-capture';
import type { AttemptEgress, OpenEgress } from '../http/attempt-egress';
import type { DeclaredOutputs } from '../step/declared-outputs';
import { codeOf, refusal } from '../step/executor-error';
import { MountedFiles } from './mounted-files';
import { failed, refused, refusedAfterActing } from '../step/outcome';
import type { PackContent } from '../step/pack-content';
import { sizesOf } from '../step/run-sizes';
import type { ContainerInvocation, Invocation } from './invocation';
import type { SecretFiles } from './secret-files';
import { failureOf, failureOfExcess } from './step-exit';
import { StepStart, type Start, type StepStartOptions } from './step-start';

/** Dependencies of sandboxed steps. */
interface SandboxedStepOptions extends StepStartOptions {
  readonly objects: ObjectStore;
  readonly pack: PackContent;
  readonly declared: DeclaredOutputs;
  readonly secrets: SecretFiles;
  readonly egress: AttemptEgress;
  /** Folder for workspaces. */
  readonly workDirectory: string;
  /** Maximum size of an artifact, bytes. */
  readonly artifactMaxBytes: number;
}

const STOPPED_BEFORE_START: Outcome = { kind: 'stopped', unknown: false };

/**
 * Performs one execution in a sandbox, in the same order for every executor that starts a process: workspace, files, tool, child process,
 * outputs, artifacts. The workspace is always deleted, after the child has provably ended.
 */
export class SandboxedStep {
  private readonly files: MountedFiles;
  private readonly artifacts: ArtifactCapture;
  private readonly egress: AttemptEgress;
  private readonly start: StepStart;

  constructor(private readonly options: SandboxedStepOptions) {
    const { sandbox, objects, pack, artifactMaxBytes } = options;
    this.egress = options.egress;
    this.start = new StepStart(options);
    this.files = new MountedFiles(objects, pack, (source, limits) => sandbox.entriesOfTar(source, limits));
    this.artifacts = new ArtifactCapture(sandbox, objects, artifactMaxBytes);
  }

  /** Performs the execution. A refusal is a failed attempt. */
  async perform(
    request: ExecutionRequest,
    report: ExecutionReport,
    invoke: () => Invocation | ContainerInvocation,
  ): Promise<Outcome> {
    if (request.signal.aborted) return STOPPED_BEFORE_START;
    let workspace: StepWorkspace | null = null;
    let secretFolder: string | undefined;
    try {
      const invocation = invoke();
      const { sandbox, workDirectory: root } = this.options;
      // A step's id may be longer than a file's name.
      const execution = `${request.execution}-${sha256(request.step).slice('sha256:'.length, 31)}`;
      const owner = this.start.ownerOf(invocation);
      workspace = await sandbox.createWorkspace({ root, run: request.run.runId, execution, owner });
      secretFolder = await this.writeSecrets(request, execution, owner);
      return await this.performIn(workspace, request, report, invocation, secretFolder);
    } catch (error) {
      return refused(error);
    } finally {
      if (secretFolder !== undefined) await this.options.secrets.remove(secretFolder);
      // Remains are deleted when the worker starts again. They do not change the outcome of the step.
      await workspace?.remove().catch(() => report.line('warn', 'The workspace of this attempt could not be removed.'));
    }
  }

  /** The secrets that the step requested as files; without any, there is no folder. */
  private async writeSecrets(
    { run, node, secrets }: ExecutionRequest,
    execution: string,
    owner: StepOwner | null,
  ): Promise<string | undefined> {
    const files = new Map<string, Uint8Array>();
    for (const { name, file } of node.secrets) {
      const value = secrets.get(name);
      if (file !== null && value !== undefined) files.set(file, value);
    }
    return files.size === 0 ? undefined : this.options.secrets.write(`${run.runId}-${execution}`, files, owner);
  }

  private async performIn(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    invocation: Invocation | ContainerInvocation,
    secretFolder: string | undefined,
  ): Promise<Outcome> {
    await this.prepareWorkspace(workspace, request, report);
    if (request.signal.aborted) return STOPPED_BEFORE_START;
    const start = await this.start.prepare(workspace, request, report, invocation);
    if (request.signal.aborted) return STOPPED_BEFORE_START;
    const egress = await this.egress.open(request);
    let exit: StepExit;
    try {
      exit = await this.run(request, start, egress, secretFolder);
    } catch (error) {
      // The reason why there is no exit is more informative than a later failure of the egress log.
      if (egress !== null) await this.egress.close(egress, request, report).catch(() => false);
      throw error;
    }
    let isKnown = true;
    try {
      if (egress !== null) isKnown = await this.egress.close(egress, request, report);
    } catch (error) {
      return refusedAfterActing(error, request, exit.code);
    }
    // A child that was stopped at the request of its run has no result.
    if (!isKnown && !request.signal.aborted) return this.egress.outcomeOfLoss(request);
    return this.conclude(workspace, request, report, invocation, exit);
  }

  private async prepareWorkspace(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
  ): Promise<void> {
    try {
      await workspace.writeFiles('pack', this.options.pack.files(request));
      await workspace.writeFiles(
        'in',
        this.files.files(request, (fact) => report.fact(fact)),
      );
    } catch (error) {
      // The step was waiting for the object store when the run requested a stop.
      if (request.signal.aborted && isStoreOutage(error)) return;
      const code = codeOf(error);
      if (code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
      throw refusal('FILE_PATH_TAKEN', 'two files of the step have the same path', { cause: error });
    }
  }

  /** Starts the child and waits until it and everything that it started has ended. */
  private async run(
    request: ExecutionRequest,
    start: Start,
    egress: OpenEgress | null,
    secretFolder: string | undefined,
  ): Promise<StepExit> {
    const { stopGraceMs } = sizesOf(request.run);
    const child = await start({ egressSocket: egress?.way.path ?? null, secretFolder });
    // Its end is awaited below, whoever requested it.
    const stop = () => void child.stop(stopGraceMs).catch(() => undefined);
    request.signal.addEventListener('abort', stop);
    if (request.signal.aborted) stop();
    egress?.way.onLost(stop);
    try {
      return await child.exit;
    } finally {
      request.signal.removeEventListener('abort', stop);
    }
  }

  /** The child has ended: determines its outcome and its results. A result that overtakes a stop counts. */
  private async conclude(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    { okExitCodes }: Pick<Invocation, 'okExitCodes'>,
    exit: StepExit,
  ): Promise<Outcome> {
    const once = request.node.effects === 'once';
    if (exit.killed === 'stop') {
      // A timeout is a failed attempt, whose artifacts help to explain it. A cancelled or handed-over run does not wait for them.
      const { reason } = request.signal as { readonly reason: unknown };
      if (reason === 'attempt-timeout' || reason === 'step-timeout')
        await this.collectPartial(workspace, request, report);
      return { kind: 'stopped', unknown: once };
    }
    if (exit.killed === 'deadline' || exit.killed === 'closed')
      return { kind: 'lost', reason: `killed: ${exit.killed}` };
    const { excess } = exit;
    const failure = excess === undefined ? failureOf(exit, okExitCodes) : failureOfExcess(excess, exit.code);
    if (failure !== null) {
      await this.collectPartial(workspace, request, report);
      return failure;
    }
    return this.collect(workspace, request, report, exit.code);
  }

  private async collect(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    exitCode: number | null,
  ): Promise<Outcome> {
    try {
      const faults = await this.artifacts.capture(request, workspace, report);
      const outputs = { ...(await this.options.sandbox.readOutputs(workspace)), exitCode };
      const [first] = faults;
      if (first !== undefined) return failed(first.code, messageOf(faults), true, exitCode);
      return await this.options.declared.accept(request, outputs, exitCode);
    } catch (error) {
      return refusedAfterActing(error, request, exitCode);
    }
  }

  /** Artifacts of a failed attempt: existing ones are stored; missing ones are logged beside the failure itself. */
  private async collectPartial(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
  ): Promise<void> {
    try {
      const faults = await this.artifacts.capture(request, workspace, report);
      for (const fault of faults) await report.line('warn', `${fault.code}: ${fault.message}`);
    } catch (error) {
      await report.line(
        'warn',
        `The artifacts of this attempt could not be collected: ${codeOf(error) ?? 'unknown error'}.`,
      );
    }
  }
}

function messageOf(faults: readonly Fault[]): string {
  return faults
    .slice(0, 20)
    .map((fault) => fault.message)
    .join('; ');
}
