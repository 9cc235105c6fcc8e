import { Inject, Injectable } from '@nestjs/common';
import { AlteredRuns } from '@taskrunner/core/ports';
import { alarmOf, AuditChainAltered, type DocumentAltered } from '@taskrunner/core/stored';
import { Observability } from '../observability';

/**
 * Handles altered documents wherever they are found: each raises an alarm, and its run is marked and halted unless the row only refers to it.
 * So does an audit chain that cannot be continued, which belongs to no run.
 */
@Injectable()
export class AlteredDocuments {
  constructor(
    private readonly runs: AlteredRuns,
    @Inject(Observability) private readonly observability: Pick<Observability, 'log' | 'alarm'>,
  ) {}

  /** Never rejects. If a run cannot be marked now, this is logged, and the request is refused in any case. */
  async raise(error: DocumentAltered | AuditChainAltered): Promise<void> {
    if (AuditChainAltered.is(error)) {
      this.raiseAudit(error);
      return;
    }
    for (const found of error.all) {
      const { tenant, runId, document } = found;
      this.observability.alarm({ runId, tenant, code: error.code, detail: alarmOf(found) }, document);
      if (found.sparesRun) continue;
      try {
        await this.runs.mark(found);
      } catch (cause) {
        // Marked, without its entry.
        if (AuditChainAltered.is(cause)) this.raiseAudit(cause);
        else this.observability.log.say('error', 'run.not-marked', { runId, tenant, code: error.code, error: cause });
      }
    }
  }

  private raiseAudit({ tenant, code }: AuditChainAltered): void {
    this.observability.alarm({ tenant, code }, 'audit');
  }
}
