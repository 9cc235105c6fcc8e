import { Inject, Injectable } from '@nestjs/common';
import { AlteredRuns } from '@taskrunner/core/ports';
import { alarmOf, type DocumentAltered } from '@taskrunner/core/stored';
import { Observability } from '../observability';

/** What happens where a document was found altered, whoever found it: an alarm for each, and its run is marked and halted. */
@Injectable()
export class AlteredDocuments {
  constructor(
    private readonly runs: AlteredRuns,
    @Inject(Observability) private readonly observability: Pick<Observability, 'log' | 'alarm'>,
  ) {}

  /** Never rejects: that a run cannot be marked now is told to operators, and the request is refused all the same. */
  async raise(error: DocumentAltered): Promise<void> {
    for (const found of error.all) {
      const { tenant, runId, document } = found;
      this.observability.alarm({ runId, tenant, code: error.code, detail: alarmOf(found) }, document);
      try {
        await this.runs.mark(found);
      } catch (cause) {
        this.observability.log.say('error', 'run.not-marked', { runId, tenant, code: error.code, error: cause });
      }
    }
  }
}
