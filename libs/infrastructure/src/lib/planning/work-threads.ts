import { isCodedError, type CodedError } from '@taskrunner/core/foundation';
import { Planner, type WorkKinds } from '@taskrunner/core/ports';
import { FairQueue } from './fair-queue';
import { ThreadLife, type ThreadWork } from './thread-life';
import type { Question } from './thread-protocol';

interface Waiting {
  readonly question: Question;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs tasks in warm threads. A task that exceeds its time or memory is terminated with its thread and affects no other task. Tenants take
 * turns, and one tenant never uses all threads, unless there is only one. Rejects with the errors of `work`.
 */
export class WorkThreads<W extends WorkKinds<W>> extends Planner<W> {
  private readonly queue: FairQueue<Waiting>;
  private readonly idle: ThreadLife[] = [];
  /** Number of busy threads by tenant. */
  private readonly busy = new Map<string, number>();
  private readonly lives = new Set<ThreadLife>();
  private closed = false;

  /** `warm`: starts the threads now, without waiting for them. Otherwise the first task starts them. */
  constructor(
    private readonly made: ThreadWork,
    warm: boolean,
  ) {
    super();
    this.queue = new FairQueue(made.limits.queue);
    for (let i = 0; warm && i < made.limits.threads; i++) this.start();
  }

  /** `transfer`: buffers of `asked` that are transferred instead of copied. */
  override async ask<Kind extends keyof W & string>(
    tenant: string,
    kind: Kind,
    asked: W[Kind]['asked'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<W[Kind]['answer']> {
    if (this.closed) throw this.ended();
    return new Promise((resolve, reject) => {
      if (this.queue.enqueue(tenant, { question: { kind, asked }, transfer, resolve, reject })) this.dispatch();
      else reject(this.made.busy());
    });
  }

  /** Terminates the threads. Waiting tasks are rejected. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.queue.drain()) reject(this.ended());
    await Promise.all([...this.lives].map((life) => life.end()));
  }

  private ended(): CodedError<string> {
    return this.made.unavailable('the threads end');
  }

  private noThread(error: unknown): CodedError<string> {
    return this.made.unavailable(`a ${this.made.name} does not start: ${String(error)}`);
  }

  private dispatch(): void {
    const { threads } = this.made.limits;
    const share = Math.max(1, threads - 1);
    while (!this.closed) {
      // Threads are started on demand, up to `threads`.
      if (this.lives.size < threads && this.idle.length === 0 && !this.restart()) return;
      const life = this.idle.at(-1);
      if (!life) return;
      const next = this.queue.take((tenant) => (this.busy.get(tenant) ?? 0) < share);
      if (!next) return;
      this.idle.pop();
      void this.work(life, next.owner, next.item);
    }
  }

  private async work(life: ThreadLife, tenant: string, waiting: Waiting): Promise<void> {
    const { question, transfer, resolve, reject } = waiting;
    this.busy.set(tenant, (this.busy.get(tenant) ?? 0) + 1);
    try {
      resolve((await life.ask(question, transfer)) as never);
    } catch (error) {
      reject(error);
    } finally {
      const left = (this.busy.get(tenant) ?? 1) - 1;
      if (left === 0) this.busy.delete(tenant);
      else this.busy.set(tenant, left);
      if (this.lives.has(life)) this.idle.push(life);
      this.dispatch();
    }
  }

  private start(): void {
    const life: ThreadLife = new ThreadLife(this.made, () => this.lost(life));
    this.lives.add(life);
    this.idle.push(life);
  }

  private lost(life: ThreadLife): void {
    this.lives.delete(life);
    const place = this.idle.indexOf(life);
    // A thread that ends while idle failed to start. The next task starts another one.
    if (place >= 0) this.idle.splice(place, 1);
    else if (!this.closed) this.restart();
  }

  /** Starts a thread. If that fails and no other thread is left, waiting tasks are rejected and the result is false. */
  private restart(): boolean {
    try {
      this.start();
    } catch (error) {
      if (this.lives.size === 0)
        for (const { reject } of this.queue.drain()) reject(isCodedError(error) ? error : this.noThread(error));
      return this.lives.size > 0;
    }
    return true;
  }
}
