import type { Gate } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';

/** What a person has entered into the form of a gate. */
export type Response =
  | { readonly kind: 'complete'; readonly value: Json }
  | { readonly kind: 'incomplete'; readonly why: string };

/** What a page knows when it asks whether its buttons work. */
export interface Reading {
  readonly gate: Pick<Gate, 'canDecide' | 'request' | 'status' | 'gateDigest'>;
  /** The end of the request has been on the screen. */
  readonly isRead: boolean;
  /** The digests of what is shown are those of the gate; null: not known yet. */
  readonly isGenuine: boolean | null;
  readonly reason: string;
  /** Of the form; null: it has not been loaded. */
  readonly response: Response | null;
  /** What the person has typed of the digest; null: they have not asked to. */
  readonly typed: string | null;
}

const TYPED_CHARACTERS = 8;

/** Why a decision is not possible now; null: it is. `decision`: an approval may need more than the console can give. */
export function obstacleTo(decision: 'approved' | 'rejected', reading: Reading): string | null {
  const { gate, isRead, isGenuine, reason, response, typed } = reading;
  if (gate.status !== 'open' || !gate.canDecide) return 'You cannot decide here.';
  if (isGenuine === false) return 'What is shown is not what the digest stands for.';
  if (isGenuine === null) return 'The digest is being compared.';
  if (!isRead) return 'Read the request to its end first.';
  const { proof, formDigest, reasonRequired } = gate.request.requirement;
  if (proof !== 'service') return 'This gate asks for a proof of your own. Decide with: npx taskrunner approve.';
  if (decision === 'approved' && formDigest !== null) {
    if (response === null) return 'The form is being loaded.';
    if (response.kind === 'incomplete') return response.why;
  }
  if (reasonRequired && reason.trim() === '') return 'This gate asks for a reason.';
  return typed === null ? null : objectionToTyped(typed, beginningOf(gate.gateDigest));
}

function objectionToTyped(typed: string, beginning: string): string | null {
  const entered = typed
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '');
  if (entered === beginning) return null;
  return beginning.startsWith(entered)
    ? `Type the first ${TYPED_CHARACTERS} characters of the digest, after “sha256:”.`
    : 'What you typed does not match the gate digest.';
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** How old a sign-in may be at a gate, milliseconds; null: there is no limit. `text`: an ISO 8601 duration of the request. */
export function ageLimitMs(text: string | null): number | null {
  const match = text === null ? null : DURATION.exec(text);
  if (match === null) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}

/** The characters of a digest that a careful person types. */
function beginningOf(digest: string): string {
  const at = digest.indexOf(':') + 1;
  return digest.slice(at, at + TYPED_CHARACTERS);
}
