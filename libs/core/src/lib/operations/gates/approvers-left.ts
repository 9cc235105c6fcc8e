import { sameSubject } from '../../foundation/principal';
import { eligibleApprovers, type Approver } from '../../gate/approvers';
import type { GateRow } from '../../ports/gates/gate-store';
import { gateStateOf, requestOf } from './gate-view';

/**
 * The number of configured approvers who can still approve at an open gate: they may decide, and no approval of theirs counts yet. Null: the
 * gate is not open, or no approvers are configured.
 */
export function approversLeft(people: readonly Approver[] | null, row: GateRow): number | null {
  if (people === null || row.state !== 'open') return null;
  const used = gateStateOf(row).approvals.flatMap(({ persons }) => persons);
  return eligibleApprovers(people, row.initiators, requestOf(row).requirement).filter(
    (person) => !used.some((one) => sameSubject(one, person)),
  ).length;
}
