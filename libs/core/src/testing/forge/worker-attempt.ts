import type { RunEvidence } from '../../lib/evidence/records/run-evidence';
import type { Attempt } from './attempt';
import { sealed, type Files, type Subject } from './corpus';

/** What a worker writes otherwise. */
export type Change = (evidence: RunEvidence) => RunEvidence;

/** The bundle of changed evidence: everything that follows from it is derived and signed again. */
export function attempt(
  { played, scenario, keys }: Subject,
  document: string,
  field: string,
  mutation: string,
  change: Change,
): Attempt {
  const forge = (): Files => sealed(change(played.evidence), scenario, keys);
  return { holder: 'worker', document, field, mutation, forge };
}
