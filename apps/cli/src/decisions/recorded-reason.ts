import { decodeEnvelope, type Envelope } from '@taskrunner/core/evidence';
import { isJsonObject, type Json } from '@taskrunner/core/foundation';

/**
 * A note for a person whose decision was answered with an earlier one of theirs, made elsewhere between the question and the answer; null: the
 * record has the reason that was sent. `receipt`: the signed record.
 */
export function otherReasonNote(sent: string | null, receipt: Envelope): string | null {
  const record = JSON.parse(new TextDecoder().decode(decodeEnvelope(receipt).payload)) as Json;
  const recorded = isJsonObject(record) ? record['reason'] : null;
  const recordedText = typeof recorded === 'string' ? recorded.trim() : '';
  if (recordedText === (sent ?? '').trim()) return null;
  const other = recordedText === '' ? 'without a reason' : `with the reason ${JSON.stringify(recordedText)}`;
  return `you had already made this decision, ${other}. That record counts; your reason was not recorded`;
}
