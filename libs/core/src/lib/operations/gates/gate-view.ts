import { digestOf } from '../../canonical/digest';
import type { DecisionRecord, GateRequest } from '../../evidence/records/documents';
import type { Digest, NodeId, StepId } from '../../foundation/ids';
import { isJsonObject, type JsonObject } from '../../foundation/json';
import { sameSubject, type Subject } from '../../foundation/principal';
import { personsOf } from '../../gate/deciders';
import type { GateState } from '../../gate/gate-state';
import { nodeOf } from '../../plan/place';
import type { Block, GateNode, Node, Plan } from '../../plan/plan';
import type { GateRow } from '../../ports/gates/gate-store';
import { approvalsInForce, type StoredDecision } from '../../stored/stored-gate';

/** The gate request in a row: the document that its gate digest names. */
export function requestOf(row: GateRow): GateRequest {
  return row.documents.request;
}

/** The records of a gate's decisions, in the order in which they were made. */
export function recordsOf(row: GateRow): readonly DecisionRecord[] {
  return row.documents.records;
}

/** Converts a gate's row for the machine's decision function, which the worker uses too. */
export function gateStateOf(row: GateRow): GateState {
  const { requirement, executeBy } = requestOf(row);
  return {
    gateDigest: row.gateDigest,
    planHash: row.planHash,
    requirement: {
      approval: requirement.approval,
      grants: requirement.grants,
      minApprovals: row.required,
      selfApproval: requirement.selfApproval,
      ...(requirement.actors && { actors: requirement.actors }),
    },
    expiresAt: row.expiresAt,
    executeBy: Date.parse(executeBy),
    initiators: row.initiators,
    approvals: approvalsInForce(recordsOf(row)).map((record) => ({
      decisionId: record.decisionId,
      persons: personsOf(record),
    })),
  };
}

/** This person's last decision at the gate. */
export function lastOf(row: GateRow, person: Subject): (StoredDecision & { readonly record: DecisionRecord }) | null {
  const i = row.decisions.findLastIndex((decision) => sameSubject(decision.person, person));
  const [decision, record] = [row.decisions[i], recordsOf(row)[i]];
  return decision && record ? { ...decision, record } : null;
}

/**
 * True if approving the plan alone determines everything (docs/guides/approvals.md, What you approve): the gate shows nothing, nothing behind it reads a result, and it
 * has no item and no secrets. A decision may then omit the gate digest.
 */
export function isBoundByPlan(row: GateRow): boolean {
  const { reads, item, secrets } = requestOf(row);
  const { show } = row.documents;
  const shows = isJsonObject(show) ? Object.keys(show).length > 0 : show !== null;
  return !shows && Object.keys(reads).length === 0 && item === null && secrets.length === 0;
}

/** The gate of a plan to which an instance belongs; null if there is none. */
export function gateNodeOf(plan: Plan, gate: string): GateNode | null {
  const find = (block: Block, names: readonly string[]): Node | null => {
    const [first, ...rest] = names;
    for (const node of block.nodes) {
      const isScope = node.kind === 'map' || node.kind === 'loop' || node.kind === 'pack';
      if (node.id === first) {
        if (rest.length === 0) return node;
        return isScope ? find(node.body, rest) : null;
      }
      const inner = isScope
        ? null
        : bodiesOf(node)
            .map((body) => find(body, names))
            .find((found) => found !== null);
      if (inner) return inner;
    }
    return null;
  };
  const node = find(plan.graph, nodeOf(gate as StepId).split('::'));
  return node?.kind === 'gate' ? node : null;
}

/** Ids of the gates of a plan, in plan order. */
export function gatesOf(plan: Plan): readonly NodeId[] {
  const list = (block: Block, scope: string): string[] =>
    block.nodes.flatMap((node) => {
      const id = scope === '' ? node.id : `${scope}::${node.id}`;
      if (node.kind === 'gate') return [id];
      if (node.kind === 'map' || node.kind === 'loop' || node.kind === 'pack') return list(node.body, id);
      return bodiesOf(node).flatMap((body) => list(body, scope));
    });
  return list(plan.graph, '') as NodeId[];
}

function bodiesOf(node: Node): readonly Block[] {
  switch (node.kind) {
    case 'group':
    case 'parallel':
      return [node.body];
    case 'conditional':
      return [...node.branches.map(({ body }) => body), ...(node.otherwise ? [node.otherwise] : [])];
    case 'run':
    case 'gate':
    case 'map':
    case 'loop':
    case 'pack':
      return [];
  }
}

/** The form that approvers fill in; null if the gate has none. It must be the one that the request names. */
export function formOf(plan: Plan, gate: string, formDigest: Digest | null): JsonObject | null {
  if (formDigest === null) return null;
  const form = gateNodeOf(plan, gate)?.form ?? null;
  if (form === null || digestOf(form) !== formDigest) throw new TypeError('the form does not match the gate request');
  return form;
}
