import type { Decision, Gate } from '@taskrunner/client';
import { saveBlob } from '../frame/save';

interface ReceiptFacts {
  readonly gate: Pick<Gate, 'runId' | 'gateId'>;
  readonly receipt: Decision['receipt'];
}

/** Saves the signed record of a decision. */
export function SaveReceipt({ gate: { runId, gateId }, receipt }: ReceiptFacts) {
  const save = (): void => {
    const name = `receipt-${runId}-${gateId.replace(/[^A-Za-z0-9._-]+/g, '_')}.json`;
    saveBlob(new Blob([`${JSON.stringify(receipt, null, 2)}\n`], { type: 'application/json' }), name);
  };
  return (
    <button type="button" className="button" onClick={save}>
      Save the signed receipt
    </button>
  );
}
