import { ApiProblem, type Decision, type DecisionReceipt } from '@taskrunner/client';
import { isJsonObject, type Json } from '@taskrunner/core/foundation';
import { draftName, type Drafts } from '../../form/draft';

type Person = Parameters<typeof draftName>[0];

/** A decision that was sent from this tab and of which the tab has not heard that it counts as it was sent. */
export interface Attempt {
  readonly decision: Decision['decision'];
  /** As it was sent. Empty: none. */
  readonly reason: string;
  /** The id of the last decision of the person that the tab knew when it sent. Empty: there was none. */
  readonly before: string;
  /**
   * `unanswered`: nobody knows whether it arrived. `already`: the server answered with an earlier decision of the person, which has another
   * reason. Otherwise the code of the refusal.
   */
  readonly end: string;
}

const DECISIONS: ReadonlySet<string> = new Set<Decision['decision']>(['approved', 'rejected', 'withdrawn']);

/** Attempts at decisions in this tab, the last one for each person and gate. They are kept and forgotten like drafts. */
export class Attempts {
  constructor(private readonly drafts: Drafts) {}

  /** The last attempt at a gate; null: none is known. */
  read(person: Person, gateDigest: string): Attempt | null {
    const { text, entries } = this.drafts.read(nameOf(person, gateDigest));
    const { decision, before, end } = entries;
    if (text === null || before === undefined || end === undefined || !isDecision(decision)) return null;
    return { decision, reason: text, before, end };
  }

  /** Keeps an attempt, or forgets the last one. */
  keep(person: Person, gateDigest: string, attempt: Attempt | null): void {
    const name = nameOf(person, gateDigest);
    if (attempt === null) this.drafts.forget(name);
    else {
      const { decision, reason, before, end } = attempt;
      this.drafts.keep(name, { text: reason, entries: { decision, before, end } });
    }
  }
}

/** The attempt that is left when the server has answered with a record; null: it is the record of what was sent. */
export function attemptAfter(attempt: Attempt, receipt: DecisionReceipt['receipt']): Attempt | null {
  return reasonIn(receipt) === attempt.reason ? null : { ...attempt, end: 'already' };
}

/** The attempt that is left when there was an error. */
export function attemptFailed(attempt: Attempt, error: unknown): Attempt {
  // A server or gateway that failed may have recorded it.
  const isRefusal = ApiProblem.is(error) && error.status < 500;
  return { ...attempt, end: isRefusal ? error.code : 'unanswered' };
}

function nameOf(person: Person, gateDigest: string): string {
  return draftName(person, `${gateDigest} sent`);
}

function isDecision(text: string | undefined): text is Decision['decision'] {
  return text !== undefined && DECISIONS.has(text);
}

/** The reason in a signed record of a decision. Empty: it has none. */
function reasonIn({ payload }: DecisionReceipt['receipt']): string {
  const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
  const record = JSON.parse(new TextDecoder().decode(bytes)) as Json;
  const reason = isJsonObject(record) ? record['reason'] : null;
  return typeof reason === 'string' ? reason : '';
}
