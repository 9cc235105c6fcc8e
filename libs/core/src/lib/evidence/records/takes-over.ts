import { RERUN_FROM } from '../../binding/reuse';
import type { AdmissionRecord } from './documents';

/** True if a run asks of each leaf whether a result of the run that it does again is taken over. */
export function takesOver({ rerun }: Pick<AdmissionRecord, 'rerun'>): boolean {
  return rerun !== undefined && rerun.from !== RERUN_FROM.start;
}
