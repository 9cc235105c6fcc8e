import { createContext, Script, type Context } from 'node:vm';
import { planningDependencies, workOf, type PlanningContext, type PlanningWork } from '@taskrunner/core/operations';
import { Planner, type PlanningLimits } from '@taskrunner/core/ports';
import { starved, tookTooLong, tookTooMuch, unavailable } from './planning-limits';

/** On a busy machine, a task may last so many times as long as the processor time that it may use, as in a thread. */
const WALL_TIMES = 10;

/**
 * Plans in the thread of the caller, for packs of the person who runs this process: two threads would load the code twice more, and take longer
 * to start than a small pack takes to plan. Nothing else happens meanwhile, so a task ends at its time limit or when the person presses
 * Ctrl-C. Its memory is that of the process. Rejects with `PlannerError`.
 */
export class PlanningHere extends Planner<PlanningWork> {
  private readonly dependencies: ReturnType<typeof planningDependencies>;
  /** `node:vm` can end what it runs, and with it what that calls. */
  private readonly caller: Context & { task: (() => void) | null } = Object.assign(createContext(), { task: null });
  private readonly call = new Script('task()');

  constructor(
    context: PlanningContext,
    private readonly limits: PlanningLimits,
  ) {
    super();
    this.dependencies = planningDependencies(context);
  }

  override async ask<Kind extends keyof PlanningWork>(
    _tenant: string,
    kind: Kind,
    asked: PlanningWork[Kind]['asked'],
  ): Promise<PlanningWork[Kind]['answer']> {
    return this.bounded(() => workOf(this.dependencies, kind, asked));
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  private bounded<Answer>(work: () => Answer): Answer {
    const before = process.cpuUsage();
    const answers: Answer[] = [];
    this.caller.task = () => void answers.push(work());
    try {
      this.call.runInContext(this.caller, { timeout: WALL_TIMES * this.limits.time, breakOnSigint: true });
    } catch (error) {
      throw this.reasonOf(error, before);
    } finally {
      this.caller.task = null;
    }
    const [answer] = answers;
    return answer as Answer;
  }

  private reasonOf(error: unknown, before: NodeJS.CpuUsage): unknown {
    if (error instanceof RangeError) return tookTooMuch(this.limits);
    switch ((error as { readonly code?: unknown } | null)?.code) {
      case 'ERR_SCRIPT_EXECUTION_TIMEOUT': {
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000 < this.limits.time ? starved(this.limits) : tookTooLong(this.limits);
      }
      case 'ERR_SCRIPT_EXECUTION_INTERRUPTED':
        // The signal ended only the task. Whoever handles it has not been told yet.
        process.kill(process.pid, 'SIGINT');
        return unavailable('planning was interrupted');
      default:
        return error;
    }
  }
}
