import { sameSubject, type Actor, type Subject } from '../foundation/principal';
import type { GateRequest } from './gate-request';

/** A person whom the configuration lists as an approver. */
export interface Approver extends Subject {
  /** Scopes in addition to `packs.approve`, which every approver has. */
  readonly grants: readonly string[];
}

type Requirement = GateRequest['requirement'];

/** The listed people who may decide at a gate: they have its grants, and did not start the run unless it permits that. */
export function eligibleApprovers(
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
  const { length } = eligibleApprovers(people, initiators, requirement);
  return length < requirement.minApprovals ? length : null;
}
