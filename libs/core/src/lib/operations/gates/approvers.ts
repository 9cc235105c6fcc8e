import type { GateRequest } from '../../evidence/records/documents';
import { sameSubject, type Actor, type Subject } from '../../foundation/principal';
import type { GateRow } from '../../ports/gates/gate-store';
import { gateStateOf, requestOf } from './gate-view';

/** A person whom the configuration lists as an approver. */
export interface Approver extends Subject {
  /** Scopes in addition to `packs.approve`, which every approver has. */
  readonly grants: readonly string[];
}

type Requirement = GateRequest['requirement'];

/** The listed people who may decide at a gate: they have its grants, and did not start the run unless it permits that. */
function eligible(
  people: readonly Approver[],
  initiators: readonly Actor[],
  requirement: Requirement,
): readonly Approver[] {
  return people.filter((person) => {
    const held = ['packs.approve', ...person.grants];
    const initiated = initiators.some((initiator) => sameSubject(initiator, person));
    return requirement.grants.every((grant) => held.includes(grant)) && (requirement.selfApproval || !initiated);
  });
}

/**
 * The number of configured approvers who may decide at a gate, if it is too small. Null if it is enough, or if no approvers are configured.
 */
export function tooFewApprovers(
  people: readonly Approver[] | null,
  initiators: readonly Actor[],
  { requirement }: Pick<GateRequest, 'requirement'>,
): number | null {
  if (people === null) return null;
  const { length } = eligible(people, initiators, requirement);
  return length < requirement.minApprovals ? length : null;
}

/**
 * The number of configured approvers who can still approve at an open gate: they may decide, and no approval of theirs counts yet. Null: the
 * gate is not open, or no approvers are configured.
 */
export function approversLeft(people: readonly Approver[] | null, row: GateRow): number | null {
  if (people === null || row.state !== 'open') return null;
  const used = gateStateOf(row).approvals.flatMap(({ persons }) => persons);
  return eligible(people, row.initiators, requestOf(row).requirement).filter(
    (person) => !used.some((one) => sameSubject(one, person)),
  ).length;
}
