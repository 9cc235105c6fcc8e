import type { V1Job, V1JobList, V1Pod, V1PodList } from '@kubernetes/client-node';
import type { ContainerTask } from '@taskrunner/core/ports';
import { refusal } from './container-error';
import { LABEL, stepLabels, workerLabels } from './container-identity';
import type { ApiAnswer, ApiStatus, KubernetesApi } from './kubernetes-api';
import { STEP_CONTAINER } from './kubernetes-job';

interface JobsOptions {
  readonly namespace: string;
  readonly place: string;
  readonly pollMs: number;
  readonly outageMs: number;
}

/** The Jobs and pods of one namespace. Requests are retried during an outage of at most `outageMs`; then they fail with `ENGINE_LOST`. */
export class Jobs {
  constructor(
    private readonly api: KubernetesApi,
    private readonly options: JobsOptions,
  ) {}

  /** Throws `ENGINE_UNAVAILABLE` if Jobs cannot be listed. */
  async probe(): Promise<void> {
    const { status, body } = await this.api
      .ask<ApiStatus>('GET', this.jobsPath(), { query: { limit: '1' } })
      .catch((error: unknown) => {
        throw refusal('ENGINE_UNAVAILABLE', 'the API server cannot be reached', error);
      });
    if (status !== 200)
      throw refusal('ENGINE_UNAVAILABLE', `Jobs cannot be listed: ${status} ${body.message ?? ''}`.slice(0, 500));
  }

  /** Creates a Job, or adopts the one whose creation got no response. Throws `START_FAILED`. */
  async create(job: V1Job): Promise<void> {
    const { status, body } = await this.persist(() => this.api.ask<ApiStatus>('POST', this.jobsPath(), { body: job }));
    if (status === 201 || (status === 409 && body.reason === 'AlreadyExists')) return;
    throw refusal('START_FAILED', `the Job was refused: ${status} ${body.message ?? ''}`.slice(0, 500));
  }

  /** The newest pod of an execution; null if there is none. */
  async podOf(execution: string): Promise<V1Pod | null> {
    const pods = await this.podsOf(execution);
    return pods.at(-1) ?? null;
  }

  /** Deletes a Job and its pod within `graceMs`. Resolves when both are gone: the node has then confirmed that no process is left. */
  async remove(execution: string, graceMs: number): Promise<void> {
    await this.end(execution, graceMs);
    for (;;) {
      const job = await this.persist(() => this.api.ask('GET', this.jobsPath(execution)));
      if (job.status === 404 && (await this.podsOf(execution)).length === 0) return;
      await pause(this.options.pollMs);
    }
  }

  /** Requests the deletion without waiting for it. */
  async end(execution: string, graceMs: number): Promise<void> {
    // The Job is deleted first, so that its controller creates no other pod.
    await this.delete(this.jobsPath(execution), { propagationPolicy: 'Background' });
    const gracePeriodSeconds = Math.ceil(graceMs / 1_000);
    for (const pod of await this.podsOf(execution))
      await this.delete(this.podsPath(pod.metadata?.name ?? ''), { gracePeriodSeconds });
  }

  /** Deletes earlier executions of the same step. Two executions never run at once, whichever worker started the first. */
  async clear(task: Pick<ContainerTask, 'run' | 'step'>): Promise<void> {
    for (const name of await this.named(stepLabels(task))) await this.remove(name, 0);
  }

  /** Removes the Jobs of an earlier process of this worker. */
  async sweep(): Promise<number> {
    const names = await this.named(workerLabels(this.options.place));
    for (const name of names) await this.remove(name, 0);
    return names.length;
  }

  /** The output of a step from its beginning. With `follow`, the stream continues while the step runs. */
  log(pod: string, follow: boolean, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const query = { container: STEP_CONTAINER, follow: String(follow) };
    return this.api.read(`${this.podsPath(pod)}/log`, query, signal);
  }

  private async named(labels: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const { status, body } = await this.persist(() =>
      this.api.ask<V1JobList & ApiStatus>('GET', this.jobsPath(), { query: { labelSelector: selector(labels) } }),
    );
    if (status !== 200) throw refusal('ENGINE_LOST', `Jobs cannot be listed: ${status} ${body.message ?? ''}`);
    return body.items.map(({ metadata }) => metadata?.name ?? '');
  }

  private async podsOf(execution: string): Promise<readonly V1Pod[]> {
    const query = { labelSelector: selector({ [`${LABEL}/execution`]: execution }) };
    const { status, body } = await this.persist(() =>
      this.api.ask<V1PodList & ApiStatus>('GET', this.podsPath(), { query }),
    );
    if (status !== 200) throw refusal('ENGINE_LOST', `pods cannot be listed: ${status} ${body.message ?? ''}`);
    return body.items;
  }

  private async delete(path: string, options: object): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    const { status, body: said } = await this.persist(() => this.api.ask<ApiStatus>('DELETE', path, { body }));
    if (status >= 300 && status !== 404 && status !== 409)
      throw refusal(
        'ENGINE_LOST',
        `the API server did not delete the Job: ${status} ${said.message ?? ''}`.slice(0, 500),
      );
  }

  private async persist<T>(ask: () => Promise<ApiAnswer<T>>): Promise<ApiAnswer<T>> {
    const until = performance.now() + this.options.outageMs;
    for (;;) {
      let cause: unknown;
      try {
        const answer = await ask();
        if (answer.status < 500 && answer.status !== 429) return answer;
        cause = new Error(`the API server returned status ${answer.status}`);
      } catch (error) {
        cause = error;
      }
      if (performance.now() > until)
        throw refusal('ENGINE_LOST', `the API server was unavailable for ${this.options.outageMs} ms`, cause);
      await pause(this.options.pollMs);
    }
  }

  private jobsPath(name = ''): string {
    return `/apis/batch/v1/namespaces/${this.options.namespace}/jobs${name === '' ? '' : `/${name}`}`;
  }

  private podsPath(name = ''): string {
    return `/api/v1/namespaces/${this.options.namespace}/pods${name === '' ? '' : `/${name}`}`;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function selector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
