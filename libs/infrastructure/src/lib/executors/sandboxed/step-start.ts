import { basename } from 'node:path';
import type {
  ContainerTask,
  ExecutionReport,
  ExecutionRequest,
  StepChild,
  StepContainers,
  StepOwner,
  StepSandbox,
  StepTool,
  StepWorkspace,
} from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import { sizesOf } from '../step/run-sizes';
import type { ContainerInvocation, Invocation } from './invocation';
import { stepEnvironment } from './step-environment';

/** Environment variables of a container besides the pack's. PATH is the image's. */
const CONTAINER_ENVIRONMENT = {
  HOME: '/task/home',
  TMPDIR: '/task/tmp',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  TASKRUNNER_OUTPUTS: '/task/outputs.json',
};

/** Inputs of a child process at its start: the socket for its network access, and the folder of its secrets. */
interface StartOptions {
  readonly egressSocket: string | null;
  readonly secretFolder: string | undefined;
}
/** Starts a prepared child process. */
export type Start = (options: StartOptions) => Promise<StepChild>;

export interface StepStartOptions {
  readonly sandbox: StepSandbox;
  /** Absent: this worker has no container engine. */
  readonly containers?: StepContainers | null;
  /** W3C trace context of an execution, for its child process; default: none. */
  readonly traceparent?: (request: ExecutionRequest) => string | null;
}

/** Starts the child process of a step: a program in the sandbox, whose digest is compared first, or a container. */
export class StepStart {
  constructor(private readonly options: StepStartOptions) {}

  /** Owner of the files of the workspace; null: the user of this process. */
  ownerOf(invocation: Invocation | ContainerInvocation): StepOwner | null {
    const { containers = null, sandbox } = this.options;
    return 'image' in invocation && containers !== null ? containers.owner : sandbox.owner;
  }

  /** Resolves argv[0] and the pinned names, reports them and compares their digests. */
  private async resolveTool(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    argv0: string,
  ): Promise<StepTool> {
    const { sandbox } = this.options;
    const { step, execution, node } = request;
    const tool = await sandbox.resolveTool(workspace, argv0);
    for (const { path, digest } of [tool, ...tool.interpreters])
      report.fact({ type: 'tool.resolved', step, execution, path, digest });
    for (const [name, digests] of Object.entries(node.tools)) {
      const { digest } = name === basename(argv0) ? tool : await sandbox.resolveTool(workspace, name);
      if (!digests.includes(digest))
        throw refusal('TOOL_MISMATCH', `the digest of ${name} is ${digest}, which the pack does not allow`);
    }
    return tool;
  }

  /** The last preparations. Returns a function that starts the child. */
  async prepare(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    invocation: Invocation | ContainerInvocation,
  ): Promise<Start> {
    if ('image' in invocation) return (options) => this.startContainer(workspace, request, report, invocation, options);
    await invocation.prepare?.(workspace, this.options.sandbox.owner);
    const tool = await this.resolveTool(workspace, request, report, invocation.argv0);
    return (options) => this.startChild(workspace, request, report, invocation, tool, options);
  }

  private startChild(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    { args, stdin }: Invocation,
    tool: StepTool,
    { egressSocket, secretFolder }: StartOptions,
  ): Promise<StepChild> {
    const { sandbox, traceparent = () => null } = this.options;
    const { run, step, execution } = request;
    const { limits } = sizesOf(run);
    const env = stepEnvironment(sandbox.environment(workspace), request, traceparent(request));
    const task = {
      workspace,
      tool,
      args,
      env,
      limits,
      egressSocket,
      secretFolder,
      place: { tenant: run.tenant, runId: run.runId, step, execution },
      ...(stdin === undefined ? {} : { stdin }),
    };
    return sandbox.start(task, { onOutput: (stream, chunk) => report.output(stream, chunk) });
  }

  private startContainer(
    workspace: StepWorkspace,
    request: ExecutionRequest,
    report: ExecutionReport,
    { image, command, args, resources }: ContainerInvocation,
    { egressSocket, secretFolder }: StartOptions,
  ): Promise<StepChild> {
    const { containers = null, traceparent = () => null } = this.options;
    if (containers === null) throw refusal('CONTAINERS_UNAVAILABLE', 'this worker has no container engine');
    const { run, step, execution, signal } = request;
    const { asked, limits, stopGraceMs, attemptTimeoutMs } = sizesOf(run);
    const container: ContainerTask = {
      ...{ tenant: run.tenant, run: run.runId, step, execution, image, command, args, signal, stopGraceMs },
      env: stepEnvironment(CONTAINER_ENVIRONMENT, request, traceparent(request)),
      workspace: workspace.path,
      limits: {
        memoryBytes: resources.memoryBytes ?? asked.memoryBytes,
        cpuMillicores: resources.cpuMillicores ?? asked.cpuMillicores,
        processes: resources.processes ?? asked.processes,
        openFiles: limits.openFiles,
        fileBytes: limits.fileBytes,
        workspaceBytes: limits.workspaceBytes,
        workspaceFiles: limits.workspaceFiles,
      },
      deadlineMs: (request.node.retries.attemptTimeoutMs ?? attemptTimeoutMs) + stopGraceMs,
      egressSocket,
      secretFolder: secretFolder ?? null,
      hasSecrets: request.secrets.size > 0,
    };
    return containers.start(container, {
      onOutput: (stream, chunk) => report.output(stream, chunk),
      onImage: (digest) =>
        report.fact({ type: 'tool.resolved', step, execution, path: `${image.name}@${image.digest}`, digest }),
    });
  }
}
