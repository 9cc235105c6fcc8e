import { isCodedError, type CodedError } from '@taskrunner/core/foundation';
import { Planner, type WorkKinds } from '@taskrunner/core/ports';
import { FairQueue } from './fair-queue';
import { answerOf, ThreadLife, type ThreadWork } from './thread-life';
import { SEVERAL, type Question, type Said } from './thread-protocol';

/** Maximum number of short tasks that are sent to a thread together. */
const TOGETHER = 8;

interface Waiting {
  readonly question: Question;
  readonly transfer: readonly ArrayBuffer[];
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  /** True if it may be sent with others. False again once it was, and they had no answer. */
  isShort: boolean;
}

/**
 * Runs tasks in warm threads. A task that exceeds its time or memory is terminated with its thread and affects no other task. Tenants take
 * turns, and one tenant never uses all threads, unless there is only one. Short tasks of a tenant that wait are sent together: waking a thread
 * costs more than many of them. If those before them take long, the rest waits for another turn. If they are terminated, each is tried again without the others. Rejects with the errors of `work`.
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
      const question = { kind, asked };
      const isShort = transfer.length === 0 && this.made.isShort?.(question) === true;
      if (this.queue.enqueue(tenant, { question, transfer, resolve, reject, isShort })) this.dispatch();
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
      const { owner, item } = next;
      const most = item.isShort ? Math.min(TOGETHER, Math.ceil((1 + this.queue.waiting(owner)) / share)) - 1 : 0;
      void this.work(life, owner, [item, ...this.queue.takeMore(owner, most, ({ isShort }) => isShort)]);
    }
  }

  private async work(life: ThreadLife, tenant: string, tasks: readonly Waiting[]): Promise<void> {
    this.busy.set(tenant, (this.busy.get(tenant) ?? 0) + 1);
    const [first] = tasks as readonly [Waiting];
    try {
      if (tasks.length === 1) first.resolve((await life.ask(first.question, first.transfer)) as never);
      else this.settle(tenant, tasks, await this.askTogether(life, tasks));
    } catch (error) {
      if (tasks.length === 1) first.reject(error);
      else this.trySingly(tenant, tasks);
    } finally {
      const left = (this.busy.get(tenant) ?? 1) - 1;
      if (left === 0) this.busy.delete(tenant);
      else this.busy.set(tenant, left);
      if (this.lives.has(life)) this.idle.push(life);
      this.dispatch();
    }
  }

  private async askTogether(life: ThreadLife, tasks: readonly Waiting[]): Promise<readonly Said[]> {
    return (await life.ask({ kind: SEVERAL, asked: tasks.map(({ question }) => question) }, [])) as readonly Said[];
  }

  private settle(tenant: string, tasks: readonly Waiting[], answers: readonly Said[]): void {
    const left: Waiting[] = [];
    for (const [at, task] of tasks.entries()) {
      const said = answers[at] as Said;
      if (said.kind === 'left') left.push(task);
      else this.settleOne(task, said);
    }
    this.putBack(tenant, left);
  }

  private settleOne({ resolve, reject }: Waiting, said: Said): void {
    try {
      resolve(answerOf(said, this.made) as never);
    } catch (error) {
      reject(error);
    }
  }

  /** One of these tasks has ended their thread, and nobody knows which. */
  private trySingly(tenant: string, tasks: readonly Waiting[]): void {
    for (const task of tasks) task.isShort = false;
    this.putBack(tenant, tasks);
  }

  /** These tasks wait for another turn of their tenant. */
  private putBack(tenant: string, tasks: readonly Waiting[]): void {
    if (this.closed) for (const { reject } of tasks) reject(this.ended());
    else if (tasks.length > 0) this.queue.putBack(tenant, tasks);
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
