import { CodedError } from '../../foundation/coded-error';
import type { RunId } from '../../foundation/ids';
import { sameSubject, type Principal } from '../../foundation/principal';
import { isOver } from '../../foundation/statuses';
import type { GateStore } from '../../ports/gates/gate-store';
import type { RunReader } from '../../ports/runs/run-reader';
import type { RunStore } from '../../ports/runs/run-store';
import { initiatorsOf } from './admission-record';
import { auditedCaller } from '../callers/audited-caller';

/** Reasons why a cancellation is refused. */
export type CancelRunCode =
  | 'RUN_NOT_FOUND'
  /** The caller is neither an initiator of the run nor an administrator. */
  | 'RUN_NOT_YOURS'
  /** The inbox holds too many unread messages. */
  | 'INBOX_FULL';

/** A cancellation was refused. */
export class CancelRunError extends CodedError<CancelRunCode> {
  static {
    this.brand('CancelRunError');
  }

  override readonly name = 'CancelRunError';
}

interface CancelRunDependencies {
  readonly runs: RunStore;
  readonly reader: RunReader;
  readonly gates: GateStore;
}

/** Requests the cancellation of a run. Initiators and administrators may do so. The result shows if the run was still active. */
export class CancelRun {
  constructor(private readonly dependencies: CancelRunDependencies) {}

  async cancel(
    principal: Principal,
    runId: RunId,
    { reason, force }: { readonly reason: string; readonly force: boolean },
  ): Promise<'accepted' | 'ended'> {
    const { runs, reader, gates } = this.dependencies;
    const { tenant } = principal;
    const run = await reader.summary(tenant, runId);
    if (!run) throw notFound();
    const mine = initiatorsOf(principal).some((one) => run.initiators.some((other) => sameSubject(one, other)));
    const event = { type: 'run.cancel', runId, ...auditedCaller(principal), force };
    if (!mine && !principal.scopes.includes('packs.admin')) {
      await gates.audit(tenant, { ...event, outcome: 'refused', code: 'RUN_NOT_YOURS' });
      const remedy = 'Ask an initiator of the run or an administrator.';
      throw new CancelRunError('RUN_NOT_YOURS', 'only initiators of the run and administrators can cancel it', remedy);
    }
    const input = {
      type: 'run.cancel-requested',
      by: { iss: principal.iss, sub: principal.sub },
      reason,
      force,
    } as const;
    const accepted = { ...event, outcome: 'posted' };
    const posted = await runs.post(tenant, runId, input, force ? 'cancel:force' : 'cancel', accepted);
    if (posted.kind === 'posted') return 'accepted';
    if (posted.kind === 'refused' && posted.code === 'RUN_NOT_FOUND') throw notFound();
    if (posted.kind === 'refused' && posted.code === 'INBOX_FULL') {
      throw new CancelRunError(
        'INBOX_FULL',
        'too many messages are waiting for this run',
        'Try again in a few seconds.',
      );
    }
    // The inbox takes a repeated message also after the end.
    const ended = posted.kind === 'refused' || isOver(run.status);
    await gates.audit(tenant, { ...event, outcome: ended ? 'ended' : 'known' });
    return ended ? 'ended' : 'accepted';
  }
}

function notFound(): CancelRunError {
  return new CancelRunError('RUN_NOT_FOUND', 'the run does not exist', 'Check the run id and the tenant.');
}
