import { sameSubject, type Actor, type Subject } from '../foundation/principal';

/** The people and programs behind a decision or resolution (docs/guides/approvals.md, Who may decide). */
export interface Deciders {
  /** The subject of the token. */
  readonly person: Subject;
  /** The person who delegated to the decider. */
  readonly onBehalfOf: Subject | null;
  /** Every `act` of the token (RFC 8693 §4.1), outermost first. Absent in records that predate the recording of actors. */
  readonly actors?: readonly Actor[];
}

/** Who may decide. */
export interface DeciderRule {
  readonly initiators: readonly Subject[];
  /** True: an initiator may decide. */
  readonly selfApproval: boolean;
  /** Programs that may act for a person; absent: none. */
  readonly actors?: readonly Subject[];
}

/** A program in the chain may not act for a person, or the decider is a program: `GATE_NOT_A_PERSON`. */
export type DeciderObjection = 'GATE_SELF_APPROVAL' | 'GATE_NOT_A_PERSON';

/**
 * Why these subjects may not decide; null if they may. An initiator anywhere in the chain is refused. An actor that is not a person is
 * refused unless the rule names it. A subject that the rule names is a program, so the decider would not be a person.
 */
export function objectionToDeciders(deciders: Deciders, rule: DeciderRule): DeciderObjection | null {
  const { actors: programs = [] } = rule;
  const { actors = [] } = deciders;
  const persons = deciders.onBehalfOf ? [deciders.person, deciders.onBehalfOf] : [deciders.person];
  if (!rule.selfApproval && [...persons, ...actors].some((one) => isAmong(rule.initiators, one)))
    return 'GATE_SELF_APPROVAL';
  const isRefused =
    persons.some((one) => isAmong(programs, one)) ||
    actors.some((one) => (one.kind === 'client') !== isAmong(programs, one));
  return isRefused ? 'GATE_NOT_A_PERSON' : null;
}

/** Every person in the chain, without duplicates, the decider first. Each of them counts once at a gate. */
export function personsOf({ person, onBehalfOf, actors = [] }: Deciders): readonly Subject[] {
  const all = [person, ...(onBehalfOf ? [onBehalfOf] : []), ...actors.filter(({ kind }) => kind === 'person')];
  return all
    .filter((one, at) => all.findIndex((other) => sameSubject(one, other)) === at)
    .map(({ iss, sub }) => ({ iss, sub }));
}

const SEPARATOR = '\u001f';

/** One text for a subject, as the column `counted` of a gate has it. */
export function subjectKey({ iss, sub }: Subject): string {
  return JSON.stringify([iss, sub]);
}

/** One text for every person in the chain: everyone whose approval the decision uses up, the decider first. */
export function subjectsKey(deciders: Deciders): string {
  return personsOf(deciders).map(subjectKey).join(SEPARATOR);
}

/** True if both name the same actors in the same order. */
export function sameActors(a: readonly Actor[], b: readonly Actor[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, at) => {
      const other = b[at];
      return other !== undefined && sameSubject(one, other) && one.kind === other.kind;
    })
  );
}

function isAmong(all: readonly Subject[], one: Subject): boolean {
  return all.some((other) => sameSubject(one, other));
}
