import { isRunId, type Json, type RunId } from '@taskrunner/core/foundation';
import {
  abortable,
  destinationOf,
  exportedFile,
  exportEvidence,
  type ExportDependencies,
} from '@taskrunner/core/operations';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '@taskrunner/core/ports';
import { refusal } from './step/executor-error';
import { refused } from './step/outcome';

/**
 * `builtin:evidence-export`. With `run`: copies the bundle of that sealed run of the same tenant, now. Without `run`: requests this run's
 * own bundle, which is delivered once it is sealed. The seal reads the request from the step's success in the journal.
 */
export class EvidenceExportExecutor extends Executor {
  constructor(private readonly dependencies: ExportDependencies) {
    super();
  }

  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    const { run, signal, storage, with: parameters } = request;
    try {
      const destination = textOf(parameters['destination'], 'destination');
      const artifacts = parameters['artifacts'] === true;
      // Looked up first: a destination that is not available to this tenant fails the step, whatever the run.
      destinationOf(this.dependencies, destination, run.tenant);
      if (parameters['run'] === undefined) {
        const file = exportedFile(run.runId);
        await report.line('info', `${file} will be delivered to ${destination} after the run is sealed`);
        return succeeded({
          run: run.runId,
          destination,
          artifacts,
          file,
          status: 'requested',
          digest: null,
          size: null,
        });
      }
      const runId = runOf(parameters['run'], run.runId);
      const wanted = { tenant: run.tenant, runId, destination, artifacts };
      const { digest, size, written } = await abortable(
        storage.keep(() => exportEvidence(this.dependencies, wanted, signal)),
        signal,
      );
      const file = exportedFile(runId);
      await report.line('info', `${file} ${written ? 'was written to' : 'already exists in'} ${destination}`);
      return succeeded({ run: runId, destination, artifacts, file, status: 'delivered', digest, size });
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped', unknown: false };
      return refused(error);
    }
  }
}

function succeeded(outputs: Json): Outcome {
  return { kind: 'succeeded', outputs };
}

function textOf(value: Json | undefined, name: string): string {
  if (typeof value === 'string') return value;
  throw refusal('WITH_INVALID', `with.${name} must be a string`);
}

function runOf(value: Json | undefined, own: RunId): RunId {
  const run = textOf(value, 'run');
  if (!isRunId(run)) throw refusal('WITH_INVALID', 'with.run must be the id of a run');
  if (run === own) throw refusal('WITH_INVALID', 'with.run is this run itself, which is not sealed yet: leave run out');
  return run;
}
