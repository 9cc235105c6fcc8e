import { openEnvelope, type KeyRing } from '../../evidence/encoding/open-envelope';
import { PAYLOAD_TYPE } from '../../evidence/records/documents';
import { readAdmission } from '../../evidence/records/read-documents';
import { isCodedError } from '../../foundation/coded-error';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { RunReader, RunSummary } from '../../ports/runs/run-reader';
import { DocumentAltered } from '../../stored/document-altered';
import { namesRequest, type KeyedRequest } from './request-nonce';
import { SubmitRunError } from './submit-run-error';

interface ReplayedRunsDependencies {
  readonly reader: Pick<RunReader, 'admission' | 'summary'>;
  /** Keys that admissions are verified with: of this webservice, and those that it had before. */
  readonly keys: KeyRing;
}

/** The runs that repeated requests created earlier. The row of an idempotency key is not believed: the run's admission names the request. */
export class ReplayedRuns {
  constructor(private readonly dependencies: ReplayedRunsDependencies) {}

  /**
   * The run that the row of an idempotency key names. Rejects with `DocumentAltered` if another request created it: the row was altered, and
   * the run itself was not. Rejects with `IDEMPOTENCY_RUN_GONE` if it does not exist.
   */
  async find(tenant: TenantId, runId: RunId, request: KeyedRequest): Promise<RunSummary> {
    const { reader } = this.dependencies;
    const run = await reader.summary(tenant, runId);
    const admission = run && (await reader.admission(tenant, runId));
    if (!run || admission === null) throw runGone(runId);
    if (this.isOf(tenant, runId, request, admission)) return run;
    throw new DocumentAltered({
      ...{ tenant, runId, document: 'idempotency', what: 'the idempotency key, which does not belong to it,' },
      ...{ expected: 'the run of this request', found: 'the run of another request', sparesRun: true },
    });
  }

  private isOf(tenant: TenantId, runId: RunId, request: KeyedRequest, admission: Json): boolean {
    try {
      const { payload } = openEnvelope(admission, PAYLOAD_TYPE.admission, 'admission', this.dependencies.keys);
      const record = readAdmission(payload);
      return record.tenant === tenant && record.runId === runId && namesRequest(record.nonce, tenant, request);
    } catch (error) {
      if (isCodedError(error)) return false;
      throw error;
    }
  }
}

/** Retention may be shorter than an idempotency key is kept, so this need not be an alteration. */
function runGone(runId: RunId): SubmitRunError {
  return new SubmitRunError(
    'IDEMPOTENCY_RUN_GONE',
    `this request was accepted as the run ${runId}, which does not exist any more`,
    'Look for the evidence of that run. To run the pack again, send the request with a new idempotency key. If retention has not removed the run, inform the operator.',
  );
}
