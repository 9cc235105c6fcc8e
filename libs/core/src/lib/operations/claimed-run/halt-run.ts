import { isCodedError } from '../../foundation/coded-error';
import type { ClaimedRun } from '../../ports/runs/claims';
import { alarmOf, DocumentAltered } from '../../stored/document-altered';
import type { DriverDependencies } from './driver-dependencies';
import { altered as haltedFor, type Halted } from './open-run';

/** Halts the run with an alarm, unless another worker owns it by now. */
export async function haltRun(
  dependencies: DriverDependencies,
  run: ClaimedRun,
  { code, detail, altered }: Pick<Halted, 'code' | 'detail' | 'altered'>,
): Promise<'halted' | 'claim-lost'> {
  if (!(await dependencies.claims.halt(run, code, detail))) return 'claim-lost';
  dependencies.alarm(run, code, altered ? alarmOf(altered) : detail);
  return 'halted';
}

/** Halts the run if its own records cannot be read or do not match their digests. Any other error is rethrown. */
export function unreadable(error: unknown): Halted {
  if (DocumentAltered.is(error)) return haltedFor(error.first);
  if (error instanceof SyntaxError)
    return { kind: 'halted', code: 'JOURNAL_TAMPERED', detail: 'a stored document is not JSON' };
  if (isCodedError(error) && error.code === 'OBJECT_DIGEST_MISMATCH')
    return { kind: 'halted', code: 'OBJECT_DIGEST_MISMATCH', detail: error.message };
  throw error;
}
