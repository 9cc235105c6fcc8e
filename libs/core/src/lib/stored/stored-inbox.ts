import type { RunId, TenantId } from '../foundation/ids';
import { isJsonObject, type Json } from '../foundation/json';
import { DocumentAltered } from './document-altered';
import { isStoredTime } from './stored-time';

/** What is compared of a message in the inbox of a run. */
interface StoredMessage {
  readonly position: number;
  readonly input: unknown;
  readonly postedAt: number;
}

/**
 * Compares the messages that were read after position `after`: the positions of an inbox have no gaps, and each message has the members and
 * the time that a message of its type is written with. `counted`: the row of the run counts messages after this position, so there must be
 * one. Throws `DocumentAltered`.
 */
export function compareInbox(
  { tenant, runId }: { readonly tenant: TenantId; readonly runId: RunId },
  after: number,
  messages: readonly StoredMessage[],
  counted: boolean,
): void {
  const altered = (what: string, expected: string, found: string) =>
    new DocumentAltered({ tenant, runId, document: 'status', what, expected, found });
  const wrong = messages.findIndex(({ position }, i) => position !== after + i + 1);
  if (wrong >= 0 || (messages.length === 0 && counted)) {
    const expected = String(after + Math.max(wrong, 0) + 1);
    throw altered('a message of its inbox', expected, wrong < 0 ? 'none' : String(messages[wrong]?.position));
  }
  const strange = messages.find(({ input, postedAt }) => !isStoredTime(postedAt) || !isMessage(input as Json));
  if (strange) throw altered(`message ${strange.position} of its inbox`, 'a message that was written', 'another');
}

/** True if a message has the members that its readers rely on. Signatures and MACs are verified where it is taken. */
function isMessage(input: Json): boolean {
  if (!isJsonObject(input) || !isText(input['type'])) return false;
  const { step, by = null, reason, force } = input;
  switch (input['type']) {
    case 'gate.decided':
    case 'attention.resolved':
      return isText(step);
    case 'run.cancel-requested':
      return isJsonObject(by) && [by['iss'], by['sub'], reason].every(isText) && typeof force === 'boolean';
    default:
      return true;
  }
}

/** The journal has no half of a surrogate pair. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed();
}
