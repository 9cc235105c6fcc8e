import { RERUN_FROM } from '../../binding/reuse';
import type { AdmissionRecord } from './documents';

/** True if a run asks for each leaf whether it reuses a result of its original run. */
export function takesOver({ rerun }: Pick<AdmissionRecord, 'rerun'>): boolean {
  return rerun !== undefined && rerun.from !== RERUN_FROM.start;
}
