import type { StopCode } from '../../publisher/honour';

/** Why a run ends without being driven. */
export interface Refusal {
  readonly code: 'SEALED_UNENFORCEABLE' | 'ORIGINAL_GONE' | StopCode;
  readonly message: string;
}
