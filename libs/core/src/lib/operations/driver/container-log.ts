import { sha256 } from '../../canonical/digest';
import type { StepId } from '../../foundation/ids';
import { LEVEL_LETTERS, type LogLevel } from '../../journal/log-line';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { Fact } from '../../run/run-event';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';

/** Maximum number of streams of one step that an owner of the run may write; see `write`. */
const STREAMS = 1_000;
/** Largest execution number that a row can hold. */
const MOST_EXECUTION = 2 ** 31 - 1;

/** Writes log lines of steps that have no executions of their own: policy gates and loops. */
export class ContainerLog {
  private readonly written = new Map<StepId, number>();

  constructor(
    private readonly dependencies: Pick<DriverDependencies, 'logs' | 'clock' | 'alarm'>,
    private readonly run: ClaimedRun,
  ) {}

  /**
   * Stores lines and returns the fact that numbers them; null if the run is no longer ours, or the lines could not be stored (alarm
   * `lost`): the journal says the same. A turn that is dropped writes again, maybe other lines. Therefore each stream has its own number
   * under the fence of the owner.
   */
  async write(step: StepId, level: LogLevel, lines: readonly string[], lost: string): Promise<Fact | null> {
    const stream = this.written.get(step) ?? 0;
    const execution = this.run.fence * STREAMS + stream;
    if (stream >= STREAMS || execution > MOST_EXECUTION) return null;
    this.written.set(step, stream + 1);
    const data = new TextEncoder().encode(lines.map((line) => `${LEVEL_LETTERS[level]}${line}\n`).join(''));
    const { tenant, runId, fence } = this.run;
    const chunk = { step, execution, chunk: 0, lines: lines.length, sha256: sha256(data) };
    try {
      const [held] = await this.dependencies.logs.append([
        { ...chunk, attempt: null, tenant, runId, fence, at: this.dependencies.clock.now(), data },
      ]);
      return held ? { type: 'log', ...chunk, bytes: data.length } : null;
    } catch (error) {
      this.dependencies.alarm(this.run, lost, { step, reason: String(error) });
      return null;
    }
  }
}
