import { canonical } from '../canonical/canonical';
import { digestIfJson, sha256 } from '../canonical/digest';
import { isDigest } from '../foundation/ids';
import { isJsonObject, type Json } from '../foundation/json';
import type { Entry } from '../run/entry';

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
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);

/** True if the row says that its step has ended. */
export function saysEnded({ status }: Pick<StepColumns, 'status'>): boolean {
  return ENDS.has(status);
}

/** Approximate memory of a step, bytes. */
const STEP_BYTES = 200;

/** How each step of a run ended, one digest for each: what rows of steps repeat of it. */
export class EndedSteps {
  private readonly marks = new Map<string, string>();

  /** Approximate memory, bytes. */
  get size(): number {
    return this.marks.size * STEP_BYTES;
  }

  /** Nothing says that an entry has the shape of its type: absent members count as null. */
  take(ended: StepEnded): void {
    const { step, status, code = null, attempts = null, outputs, message = null, exitCode = null } = ended;
    const digest = outputs?.digest ?? null;
    this.marks.set(step, markOf([status, code, attempts, digest, status === 'failed' ? [message, exitCode] : null]));
  }

  /** A row that says that its step has ended, and in which way the journal does not say. Rows of other steps are not compared. */
  strayOf<Row extends StepColumns>(rows: readonly Row[]): Row | undefined {
    return rows.find((row) => saysEnded(row) && !this.has(row));
  }

  private has(row: StepColumns): boolean {
    const { status, reason, attempts, error } = row;
    const mark = this.marks.get(row.step);
    const digest = outputsDigest(row);
    if (digest === undefined) return false;
    const ended = [status, reason, attempts, digest];
    if (status !== 'failed') return error === null && mark === markOf([...ended, null]);
    if (!isJsonObject(error) || error['code'] !== reason || error['attempts'] !== attempts) return false;
    const { message = null, exitCode = null } = error;
    if (digestIfJson([message, exitCode]) === null) return false;
    // The journal has no message of a gate: its row says who rejected it, or what the policy said.
    return mark === markOf([...ended, [message, exitCode]]) || mark === markOf([...ended, [null, exitCode]]);
  }
}

/** The digest of what is shown: of the value itself if the row has it; undefined: no step has this value. */
function outputsDigest({ outputs, outputsRef }: StepColumns): Json | undefined {
  if (outputs !== null) return digestIfJson(outputs) ?? undefined;
  const digest = isJsonObject(outputsRef) ? outputsRef['digest'] : null;
  return isDigest(digest) ? digest : null;
}

function markOf(ended: Json): string {
  return sha256(canonical(ended));
}
