import { canonical } from '../canonical/canonical';
import { digestIfJson, sha256 } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import { isJsonObject, type Json } from '../foundation/json';
import type { Entry } from '../run/entry';
import type { ReusedStep } from '../step/question';

type StepEnded = Extract<Entry['event'], { readonly type: 'step.ended' }>;

/** The part of a step's row that its end in the journal determines. */
export interface StepColumns {
  readonly step: string;
  readonly status: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly outputs: Json;
  readonly outputsRef: Json;
  readonly error: Json;
  readonly nextAttemptAt: number | null;
  readonly reusedFrom: Json;
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);
const OTHERS: ReadonlySet<string> = new Set(['pending', 'running', 'waiting', 'retrying', 'needs_attention']);

/** True if the row says that its step has ended. */
export function saysEnded({ status }: Pick<StepColumns, 'status'>): boolean {
  return ENDS.has(status);
}

/** Approximate memory of a step, bytes. */
const STEP_BYTES = 200;

/** How each step of a run ended, one digest for each: what rows of steps repeat of it. */
export class EndedSteps {
  private readonly marks = new Map<string, string>();
  /** Of steps that have not ended yet: the step of another run whose result each takes. */
  private readonly sources = new Map<StepId, ReusedStep>();

  /** Approximate memory, bytes. */
  get size(): number {
    return this.marks.size * STEP_BYTES;
  }

  /** The step takes the result of a step of another run. */
  takeSource(step: StepId, source: ReusedStep): void {
    this.sources.set(step, source);
  }

  /** Nothing says that an entry has the shape of its type: absent members count as null. */
  take(ended: StepEnded): void {
    const { step, status, code = null, attempts = null, outputs, message = null, exitCode = null } = ended;
    const source = this.sources.get(step);
    this.sources.delete(step);
    const reusedFrom = source === undefined ? null : { ...source, step };
    const failure = status === 'failed' ? [message, exitCode] : null;
    this.marks.set(step, markOf([status, code, attempts, outputs ?? null, reusedFrom, failure]));
  }

  /**
   * A row that says that its step has ended, and in which way the journal does not say, or that has a status that no step has. Other rows
   * are not compared.
   */
  strayOf<Row extends StepColumns>(rows: readonly Row[]): Row | undefined {
    return rows.find((row) => (saysEnded(row) ? !this.has(row) : !OTHERS.has(row.status)));
  }

  private has(row: StepColumns): boolean {
    const { status, reason, attempts, error, outputsRef, nextAttemptAt, reusedFrom } = row;
    const mark = this.marks.get(row.step);
    if (nextAttemptAt !== null || !isReferenceOf(row) || digestIfJson([reason, reusedFrom]) === null) return false;
    const ended = [status, reason, attempts, outputsRef, reusedFrom];
    if (status !== 'failed') return error === null && mark === markOf([...ended, null]);
    if (!isJsonObject(error) || error['code'] !== reason || error['attempts'] !== attempts) return false;
    const { message = null, exitCode = null } = error;
    if (digestIfJson([message, exitCode]) === null) return false;
    // The journal has no message of a gate: its row says who rejected it, or what the policy said.
    return mark === markOf([...ended, [message, exitCode]]) || mark === markOf([...ended, [null, exitCode]]);
  }
}

/** True if the reference is one to what is shown: to the value itself if the row has it. */
function isReferenceOf({ outputs, outputsRef }: StepColumns): boolean {
  if (digestIfJson(outputsRef) === null) return false;
  return outputs === null || (isJsonObject(outputsRef) && outputsRef['digest'] === digestIfJson(outputs));
}

function markOf(ended: Json): string {
  return sha256(canonical(ended));
}
