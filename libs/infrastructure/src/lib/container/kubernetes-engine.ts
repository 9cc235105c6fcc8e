import { isAbsolute } from 'node:path';
import type { JsonObject } from '@taskrunner/core/foundation';
import type {
  StepChild,
  WorkspaceWatch,
  ContainerLimits,
  ContainerOutput,
  ContainerTask,
} from '@taskrunner/core/ports';
import { ContainerEngine } from './container-engine';
import { refusal } from './container-error';
import { KubernetesApi } from './kubernetes-api';
import type { JobShape } from './job-shape';
import { Jobs } from './kubernetes-jobs';
import { JobWatch } from './kubernetes-watch';

export interface KubernetesOptions extends Omit<JobShape, 'user'> {
  /** Path of a kubeconfig; null: the service account of the worker's pod. */
  readonly kubeconfig: string | null;
  /** Polling interval of pods. Milliseconds. */
  readonly pollMs: number;
  /** Timeout of one request. Milliseconds. */
  readonly requestTimeoutMs: number;
  /** Duration of an outage after which the result of a container is treated as lost. Milliseconds. */
  readonly outageMs: number;
  /** Watches a workspace while its Job runs. */
  readonly watchWorkspace: (workspace: string, limits: ContainerLimits) => WorkspaceWatch;
}

/** Runs each container as a Job of a cluster. Its workspace is on a volume that the worker and its Jobs share. */
export class KubernetesEngine extends ContainerEngine {
  readonly name = 'kubernetes';
  private readonly shape: JobShape;

  private constructor(
    private readonly options: KubernetesOptions,
    private readonly jobs: Jobs,
  ) {
    super();
    const user = this.owner ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    this.shape = { ...options, user };
  }

  /** Checks that Jobs may be listed. Throws `ENGINE_UNAVAILABLE`. */
  static async open(options: KubernetesOptions): Promise<KubernetesEngine> {
    if (!isAbsolute(options.workDirectory)) throw new TypeError('workDirectory must be absolute');
    const api = await KubernetesApi.open(options.kubeconfig, options.requestTimeoutMs);
    const jobs = new Jobs(api, options);
    await jobs.probe();
    return new KubernetesEngine(options, jobs);
  }

  describe(): JsonObject {
    const { namespace, workClaim, nodeSelector, runtimeClass, pull, ceiling } = this.options;
    return {
      engine: this.name,
      namespace,
      workClaim,
      nodeSelector: { ...nodeSelector },
      runtimeClass,
      pull,
      ceiling: { ...ceiling },
      user: this.shape.user.uid,
    };
  }

  start(task: ContainerTask, reader: ContainerOutput): Promise<StepChild> {
    if (task.egressSocket !== null)
      throw refusal('CONTAINER_EGRESS_UNAVAILABLE', 'a Job cannot use a socket of this worker');
    // A Job is a cluster object that other users may read.
    if (task.hasSecrets) throw refusal('CONTAINER_SECRETS_UNAVAILABLE', 'secrets are not written into Jobs');
    if (!task.workspace.startsWith(`${this.options.workDirectory.replace(/\/$/, '')}/`))
      throw new TypeError('the workspace is not on the shared volume');
    const { pollMs, outageMs, watchWorkspace } = this.options;
    const watch = watchWorkspace(task.workspace, task.limits);
    return Promise.resolve(new JobWatch(this.jobs, task, this.shape, { pollMs, outageMs }, reader, watch));
  }

  async sweep(): Promise<number> {
    return this.jobs.sweep();
  }
}
