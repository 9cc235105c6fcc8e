import { isMainThread, parentPort } from 'node:worker_threads';
import {
  openVerification,
  verifySignature,
  type Check,
  type CheckName,
  type VerifyRequest,
} from '@taskrunner/core/evidence';

/** A task for the second thread: these checks of this bundle. */
export interface CheckTask {
  readonly names: readonly CheckName[];
  readonly request: Pick<VerifyRequest, 'files' | 'archiveFaults' | 'trust' | 'allowDev' | 'allowLocal' | 'now'>;
}

/** In a thread that was started for it: performs one task. True if this is such a thread. */
export function answersChecks(): boolean {
  const port = parentPort;
  if (isMainThread || port === null) return false;
  port.once('message', ({ names, request }: CheckTask) => {
    const checks: readonly Check[] = openVerification({ ...request, verifySignature }).answer(names);
    port.postMessage(checks);
  });
  return true;
}
