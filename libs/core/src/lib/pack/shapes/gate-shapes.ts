import type { Json } from '../../foundation/json';
import type { ApprovalGate, GateBody, PolicyGate } from '../model/pack-step';
import * as SAID from './field-descriptions';
import { type GateEntries, gateSchema } from './gate-schema';
import { anyKey, id, json, jsonObject, text } from './scalar-shapes';
import {
  defaulted,
  fieldSchemas,
  nameOf,
  object,
  optional,
  readEntries,
  readFields,
  record,
  refuseUnknown,
  required,
  type Shape,
} from './shape';
import { gateSpellings } from './spellings';

const gateFields = {
  approval: {
    approval: required(id),
    message: optional(text),
    show: defaulted(record<Json>(anyKey, json), {}),
    form: optional(jsonObject),
  },
  policy: { policy: required(id), with: defaulted(jsonObject, {}), overrideApproval: optional(id) },
};
const approvalGate = object<ApprovalGate>(gateFields.approval, {
  descriptions: SAID.APPROVAL_GATE,
});
const policyGate = object<PolicyGate>(gateFields.policy, {
  descriptions: SAID.POLICY_GATE,
});
/** The entries of both kinds of gate, for one of the published spellings. */
export const gateEntries: GateEntries = {
  approval: fieldSchemas<ApprovalGate>(gateFields.approval, SAID.APPROVAL_GATE),
  policy: fieldSchemas<PolicyGate>(gateFields.policy, SAID.POLICY_GATE),
};

const ADD_KIND =
  'Add approval, with the id of an approval of spec.approvals, or policy, with the id of a policy of spec.policies.';

/** The body of a gate: an approval or a policy. */
export const gate: Shape<GateBody> = {
  blank: { gate: { kind: 'approval', ...approvalGate.blank } },
  read: (written, at, reading) => {
    const entries = readEntries(written, at, reading);
    if (entries === null) return gate.blank;
    const parts = gateSpellings(entries, at, reading);
    const kinds = (['approval', 'policy'] as const).filter((kind) => parts.has(kind));
    const kind = kinds[0];
    if (kind === undefined || kinds.length > 1) {
      const code = kind === undefined ? 'PACK_FIELD_MISSING' : 'PACK_FIELDS_EXCLUSIVE';
      const note = kind === undefined ? { remediation: ADD_KIND } : {};
      reading.fault(code, at, `${nameOf(at)} must have exactly one of approval and policy.`, note);
    }
    const known =
      kinds.length === 1 && kind !== undefined
        ? Object.keys(gateFields[kind])
        : [...Object.keys(gateFields.approval), ...Object.keys(gateFields.policy)];
    refuseUnknown(parts, known, at, reading);
    if (kind === undefined) return gate.blank;
    return kind === 'approval'
      ? { gate: { kind, ...readFields(gateFields.approval, parts, at, reading) } }
      : { gate: { kind, ...readFields(gateFields.policy, parts, at, reading) } };
  },
  print: (value) => (value.gate.kind === 'approval' ? approvalGate.print(value.gate) : policyGate.print(value.gate)),
  schema: () => gateSchema(gateEntries),
};
