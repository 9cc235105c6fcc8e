import type { Digest } from '@taskrunner/core/foundation';
import type { StepChild, StepExit, WorkspaceWatch, ContainerOutput, ContainerTask } from '@taskrunner/core/ports';
import { refusal } from './container-error';
import { containerName } from './container-identity';
import { grantedLimits } from './container-limits';
import type { JobShape } from './job-shape';
import { jobOf } from './kubernetes-job';
import { pause, type Jobs } from './kubernetes-jobs';
import { viewOf } from './pod-view';

/** One Job, from its creation to its deletion. */
export class JobWatch implements StepChild {
  readonly exit: Promise<StepExit>;
  private readonly name: string;
  private stopped = false;
  private ending: Promise<void> | null = null;
  private logs: Promise<void> | null = null;
  private ended = false;
  private failure: { readonly error: unknown } | null = null;
  private readonly gone = new AbortController();

  constructor(
    private readonly jobs: Jobs,
    private readonly task: ContainerTask,
    private readonly shape: JobShape,
    private readonly times: { readonly pollMs: number; readonly outageMs: number },
    private readonly reader: ContainerOutput,
    private readonly workspace: WorkspaceWatch,
  ) {
    this.name = containerName(task);
    this.exit = this.live();
    this.exit.catch(() => undefined);
  }

  async stop(graceMs: number): Promise<StepExit> {
    this.stopped = true;
    this.ending ??= this.jobs.end(this.name, graceMs);
    // A failed request for the end is reported to those who wait for it.
    this.ending.catch((error: unknown) => (this.failure ??= { error }));
    return this.exit;
  }

  private async live(): Promise<StepExit> {
    try {
      await this.jobs.clear(this.task);
      if (this.stopped) return { code: null, signal: null, killed: 'stop' };
      await this.jobs.create(jobOf(this.task, this.shape));
      const exit = await this.attend();
      this.ended = true;
      await this.logs;
      await this.jobs.remove(this.name, 0);
      if (this.failure !== null) throw this.failure.error;
      if (exit.killed !== null || exit.excess !== undefined) return exit;
      const excess = await this.workspace.conclude();
      return excess === null ? exit : { ...exit, excess };
    } catch (error) {
      // The deletion is requested even if it cannot be confirmed. The next execution confirms it.
      await this.jobs.remove(this.name, 0);
      throw error;
    } finally {
      this.gone.abort();
    }
  }

  private async attend(): Promise<StepExit> {
    const until = performance.now() + this.shape.startTimeoutMs;
    let image: Digest | null = null;
    let seen = false;
    let began = false;
    // A stop that arrived during the creation found no Job to delete.
    if (this.stopped) await this.jobs.end(this.name, 0);
    for (;;) {
      if (this.failure !== null) throw this.failure.error;
      const asked = this.stopped;
      const pod = await this.jobs.podOf(this.name);
      if (pod === null) {
        if (asked) return { code: null, signal: null, killed: 'stop' };
        if (seen) return { code: null, signal: null, killed: 'closed' };
        if (performance.now() > until) throw refusal('START_FAILED', 'no pod was created for the Job in time');
        await pause(this.times.pollMs);
        continue;
      }
      seen = true;
      const view = viewOf(pod);
      if (view.kind === 'stuck' && !asked) throw refusal(view.code, view.message);
      if (view.kind === 'taken' && !asked)
        return { code: null, signal: null, killed: view.late ? 'deadline' : 'closed' };
      if (view.kind === 'running' || view.kind === 'ended') {
        if (image === null && view.image !== null) {
          image = view.image;
          this.reader.onImage(image);
          if (image !== this.task.image.digest)
            throw refusal('IMAGE_MISMATCH', `the container uses the image ${image}, not ${this.task.image.digest}`);
        }
        began = true;
        if (image !== null) this.logs ??= this.takeLog(pod.metadata?.name ?? '');
      }
      if (view.kind === 'ended' || (asked && view.kind !== 'running' && view.kind !== 'waiting')) {
        if (view.kind === 'ended' && image === null)
          throw refusal('IMAGE_MISMATCH', 'the cluster does not report the image of the container');
        if (asked) return { code: null, signal: null, killed: 'stop' };
        const allowed = grantedLimits(this.task, this.shape.ceiling).memoryBytes;
        const starved = view.kind === 'ended' && view.starved;
        return {
          ...{ code: view.kind === 'ended' ? view.code : null, signal: null, killed: null },
          ...(starved && { excess: { limit: 'memory', used: allowed, allowed } }),
        };
      }
      const excess = view.kind === 'running' && !asked ? await this.workspace.look() : null;
      if (excess !== null) {
        await this.jobs.end(this.name, 0);
        return { code: null, signal: null, killed: 'limit', excess };
      }
      if (!began && !asked && performance.now() > until) throw refusal('START_FAILED', 'the pod did not start in time');
      await pause(this.times.pollMs);
    }
  }

  /** Reads the log to its end. After an interruption it is read again from the beginning, and the known part is skipped. */
  private async takeLog(pod: string): Promise<void> {
    let taken = 0;
    let lastMs = performance.now();
    for (;;) {
      const last = this.ended;
      let passed = 0;
      try {
        for await (const chunk of this.jobs.log(pod, !last, this.gone.signal)) {
          const fresh = chunk.subarray(Math.min(chunk.length, Math.max(0, taken - passed)));
          passed += chunk.length;
          if (fresh.length === 0) continue;
          taken += fresh.length;
          try {
            await this.reader.onOutput('stdout', fresh);
          } catch (error) {
            this.failure ??= { error };
            return;
          }
        }
        if (last) return;
        lastMs = performance.now();
      } catch (error) {
        if (this.gone.signal.aborted) return;
        // If the pod was deleted, no more of its log exists.
        if (last && (await this.jobs.podOf(this.name)) === null) return;
        if (last && performance.now() - lastMs > this.times.outageMs) {
          this.failure ??= { error: refusal('ENGINE_LOST', 'the log of the pod cannot be read', error) };
          return;
        }
      }
      await pause(this.times.pollMs);
    }
  }
}
