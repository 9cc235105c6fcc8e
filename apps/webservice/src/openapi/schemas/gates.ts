import type { Schema } from '../operation';
import { actors } from './actors';
import { maybeVerdict } from './verdict';
import {
  closed,
  digest,
  flag,
  instant,
  link,
  listOf,
  maybeDigest,
  maybeInstant,
  maybeText,
  mapOf,
  maybe,
  text,
  whole,
} from './shapes';

/** Who has to approve, and how. */
const requirement = closed(
  {
    approval: { ...text, description: 'Approval rule of the pack.' },
    grants: listOf(text),
    minApprovals: whole,
    selfApproval: { ...flag, description: 'Whether initiators of the run may decide.' },
    proof: { type: 'string', enum: ['service', 'token', 'key'] },
    maxAuthAge: { ...maybeText, description: 'ISO 8601 duration.' },
    reasonRequired: flag,
    formDigest: {
      ...maybeDigest,
      description: 'Digest of the form of the gate. The plan contains the form. Null: the gate has no form.',
    },
    actors: {
      ...listOf(closed({ iss: text, sub: text })),
      description: 'Programs that may act for a person who decides (RFC 8693); absent: none.',
    },
  },
  ['actors'],
);

const gateStatuses = ['open', 'approved', 'rejected', 'expired', 'closed'];

/** Schemas of gates and what people decide. */
export const GATE_SCHEMAS = {
  Decision: closed({
    decisionId: text,
    decision: { type: 'string', enum: ['approved', 'rejected', 'withdrawn'] },
    person: closed({
      iss: text,
      sub: text,
      name: {
        ...maybeText,
        description: "The name in the person's token. The signed record does not contain it; null: not recorded.",
      },
    }),
    onBehalfOf: {
      anyOf: [{ type: 'null' }, closed({ iss: text, sub: text, delegation: digest })],
      description: 'The person who delegated the decision.',
    },
    actors: {
      ...maybe(actors),
      description:
        'Actors that act for the person (`act` of the token, RFC 8693), outermost first; null: not recorded.',
    },
    grants: listOf(text),
    reason: maybeText,
    withdrawn: { ...flag, description: 'True: the person withdrew this approval later.' },
    response: { description: 'The response to the form of the gate; null: none.' },
    authTime: { ...instant, description: "Time of the person's last authentication." },
    decidedAt: instant,
    bound: {
      type: 'string',
      enum: ['gate', 'plan'],
      description: 'What the decision refers to: the gate digest, or only the plan hash.',
    },
    proof: {
      type: 'string',
      enum: ['service', 'token', 'key'],
      description: 'Proof of the identity of the person.',
    },
    record: { ...digest, description: 'Digest of the decision record, which the statement lists.' },
    receipt: { $ref: '#/components/schemas/Envelope' },
  }),
  GateRequest: closed({
    schema: text,
    runId: text,
    tenant: text,
    gate: text,
    label: maybeText,
    planHash: digest,
    profileDigest: digest,
    admissionDigest: digest,
    requirement,
    policy: { description: 'Verdict of the policy, which an approval overrides; null for a gate without a policy.' },
    message: text,
    showDigest: { ...digest, description: 'Digest of `show` of the gate.' },
    reads: { ...mapOf(digest), description: 'Digests of all fixed values that a step behind the gate can read.' },
    item: {
      ...maybeDigest,
      description: 'Digest of the item that contains the gate; null: the gate is not in a map or loop.',
    },
    secrets: listOf(closed({ name: text, version: text })),
    opens: { ...listOf(text), description: 'Steps that wait for the gate.' },
    notApplied: { ...listOf(text), description: 'Gates that did not apply.' },
    nonce: text,
    openedAt: instant,
    expiresAt: instant,
    executeBy: instant,
  }),
  RunGate: closed({
    runId: text,
    gateId: text,
    label: maybeText,
    status: {
      type: 'string',
      enum: ['not_reached', 'pending', ...gateStatuses, 'passed', 'denied', 'undecided', 'skipped', 'failed'],
      description: '`passed`, `denied` and `undecided`: the policy decided without people.',
    },
    reason: { ...maybeText, description: 'Error code of the gate step.' },
    approval: {
      ...maybeText,
      description: 'Approval rule of the pack that applies; null: no people decide.',
    },
    policy: maybeVerdict,
    requirement: {
      anyOf: [{ type: 'null' }, requirement],
      description: 'Requirements of the gate request; null: the gate did not open for people.',
    },
    gateDigest: maybeDigest,
    approvals: whole,
    required: { type: ['integer', 'null'] },
    openedAt: maybeInstant,
    until: maybeInstant,
    endedAt: maybeInstant,
    decisions: listOf({ $ref: '#/components/schemas/Decision' }),
    links: closed({ self: link, run: link }),
  }),
  Gate: closed({
    runId: text,
    gateId: text,
    status: { type: 'string', enum: gateStatuses },
    gateDigest: digest,
    planHash: digest,
    pack: closed({ name: text, version: text }),
    requester: closed({ id: text, iss: text, name: text }),
    request: { $ref: '#/components/schemas/GateRequest' },
    show: { description: 'What the gate shows; `request.showDigest` is its digest (RFC 8785).' },
    approvals: whole,
    required: whole,
    approversLeft: {
      type: ['integer', 'null'],
      description:
        'Number of people of `approvals.people` who can still approve: they have the grants, did not start the run, and no approval of theirs counts yet. If `approvals` and this number together are less than `required`, nobody can open the gate. Null: the configuration lists no people, or the gate is not open.',
    },
    until: instant,
    policy: {
      ...maybeVerdict,
      description: 'The denial that an approval overrides; null for a gate without a policy.',
    },
    decisions: listOf({ $ref: '#/components/schemas/Decision' }),
    ungatedEffects: {
      ...maybe(listOf(text)),
      description: 'Steps of the run that have effects without an approval; null in lists.',
    },
    suggestedReason: {
      ...maybeText,
      description:
        'Reason that the pack suggests (`reasonTemplate`). The gate digest does not cover it. Null in lists, and if the pack suggests no reason.',
    },
    form: {
      ...maybe({ type: 'object', additionalProperties: true }),
      description:
        'The form that approvers fill in: the JSON Schema that the `response` of each approval must match. `request.requirement.formDigest` is its digest (RFC 8785), which a client must compute. Its members are in the order in which the author of the pack wrote them, unless the pack was sent as a JSON object or a release without this member admitted the run. Null in lists, and if the gate has no form.',
    },
    planDiff: {
      description:
        'Differences from the plan of the pack that people last approved in another run, before this gate was decided. `why` states why the differences are unknown. Null in lists, and if none of the newest 200 runs of the pack has an approved gate.',
      anyOf: [
        { type: 'null' },
        closed({
          against: text,
          approvedAt: { ...maybeInstant, description: 'When that plan was approved; null: not known.' },
          approvedBy: {
            ...listOf(closed({ iss: text, sub: text, name: maybeText })),
            description: 'People whose approvals counted in that run.',
          },
          diff: { anyOf: [{ type: 'null' }, { $ref: '#/components/schemas/PlanDiff' }] },
          why: maybeText,
        }),
      ],
    },
    canDecide: { ...flag, description: 'Whether the caller may decide.' },
    why: { ...maybeText, description: 'Code of the reason why the caller may not decide; null: they may.' },
    links: closed({ self: link, run: link, approve: link }),
  }),
  ApprovalCounts: closed({
    open: whole,
    mine: { ...whole, description: 'Open gates that the caller may decide.' },
    atLeast: { ...flag, description: 'True: not all open gates were counted.' },
  }),
  DecisionReceipt: closed({
    gateId: text,
    status: { type: 'string', enum: gateStatuses },
    approvals: whole,
    required: whole,
    until: instant,
    receipt: { $ref: '#/components/schemas/Envelope' },
  }),
  Release: closed({ runId: text, paths: listOf(text), receipt: { $ref: '#/components/schemas/Envelope' } }),
  Resolution: closed({
    runId: text,
    stepId: text,
    execution: whole,
    outcome: { type: 'string', enum: ['succeeded', 'failed', 'retry'] },
    receipt: { $ref: '#/components/schemas/Envelope' },
  }),
} satisfies Readonly<Record<string, Schema>>;
