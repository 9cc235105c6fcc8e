import { Planner, PlannerError, type PlanningGround, type PlanningLimits, type PlanningWork } from '@taskrunner/core';
import { FairQueue } from './fair-queue';
import { PlanningLife } from './planning-life';
import { busy, unavailable } from './planning-limits';
import type { EngineName, Question, ThreadGround } from './thread-protocol';

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Plans in warm threads: a pack that takes too long or too much ends with its thread, and nobody else's work with it. Tenants take
 * turns, and one tenant never has all of the threads, unless there is only one. Rejects with `PlannerError`.
 */
export class PlanningThreads extends Planner<PlanningWork> {
  private readonly ground: ThreadGround;
  private readonly queue: FairQueue<Waiting>;
  private readonly idle: PlanningLife[] = [];
  /** Threads that are busy, by tenant. */
  private readonly busy = new Map<string, number>();
  private readonly lives = new Set<PlanningLife>();
  private closed = false;

  /** Starts the threads, and does not wait for them. */
  constructor(
    { setting, policyEngines }: PlanningGround,
    private readonly limits: PlanningLimits,
  ) {
    super();
    this.ground = { setting: setting && withoutEngines(setting), engines: Object.keys(policyEngines).map(engineName) };
    this.queue = new FairQueue(limits.queue);
    for (let i = 0; i < limits.threads; i++) this.start();
  }

  override async ask<Kind extends keyof PlanningWork>(
    tenant: string,
    kind: Kind,
    asked: PlanningWork[Kind]['asked'],
  ): Promise<PlanningWork[Kind]['answer']> {
    if (this.closed) throw unavailable('planning ends');
    return new Promise((resolve, reject) => {
      if (!this.queue.offer(tenant, { question: { kind, asked }, resolve, reject })) reject(busy());
      else this.dispatch();
    });
  }

  /** Ends the threads; what waits is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.queue.drain()) reject(unavailable('planning ends'));
    await Promise.all([...this.lives].map((life) => life.end()));
  }

  private dispatch(): void {
    const share = Math.max(1, this.limits.threads - 1);
    while (!this.closed) {
      // There is always a thread for whom one is free: they are replaced when they end.
      if (this.lives.size < this.limits.threads && !this.restart()) return;
      const life = this.idle.at(-1);
      if (!life) return;
      const next = this.queue.take((tenant) => (this.busy.get(tenant) ?? 0) < share);
      if (!next) return;
      this.idle.pop();
      void this.work(life, next.owner, next.item);
    }
  }

  private async work(life: PlanningLife, tenant: string, { question, resolve, reject }: Waiting): Promise<void> {
    this.busy.set(tenant, (this.busy.get(tenant) ?? 0) + 1);
    try {
      resolve((await life.ask(question)) as never);
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
    const life: PlanningLife = new PlanningLife(this.ground, this.limits, () => this.lost(life));
    this.lives.add(life);
    this.idle.push(life);
  }

  private lost(life: PlanningLife): void {
    this.lives.delete(life);
    const place = this.idle.indexOf(life);
    // One that ends with nothing to do did not even start: the next question tries again.
    if (place >= 0) this.idle.splice(place, 1);
    else if (!this.closed) this.restart();
  }

  /** False if a thread cannot be started any more: where there is no other, what waits is told so. */
  private restart(): boolean {
    try {
      this.start();
    } catch (error) {
      if (this.lives.size === 0)
        for (const { reject } of this.queue.drain()) reject(PlannerError.is(error) ? error : noThread(error));
      return this.lives.size > 0;
    }
    return true;
  }
}

function noThread(error: unknown): PlannerError {
  return unavailable(`a planning thread does not start: ${String(error)}`);
}

function withoutEngines(setting: NonNullable<PlanningGround['setting']>): NonNullable<ThreadGround['setting']> {
  const { policyEngines: _functions, ...configuration } = setting.configuration;
  return { ...setting, configuration };
}

function engineName(name: string): EngineName {
  if (name !== 'cedar') throw new TypeError(`planning threads know no policy engine ${name}`);
  return name;
}
