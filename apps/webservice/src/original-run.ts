import type { RerunLink } from '@taskrunner/core/operations';
import { adapterToken } from '@taskrunner/infrastructure/modules';

/**
 * The original of every run that is submitted, if the original is in another database. Replace it in a webservice of one run only: whoever
 * composes it has verified the evidence of the original. Null: runs have no such original.
 */
export const ORIGINAL_RUN = adapterToken<RerunLink | null>('ORIGINAL_RUN');
