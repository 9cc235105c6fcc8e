import { CancelRunError } from '@taskrunner/core/operations';

/** The same response for missing runs and for those of other tenants. */
export function runNotFound(): CancelRunError {
  return new CancelRunError('RUN_NOT_FOUND', 'the run does not exist', 'Check the run id and the tenant.');
}
