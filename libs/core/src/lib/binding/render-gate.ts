import { digestOf } from '../canonical/digest';
import type { GateRequest } from '../gate/gate-request';
import { oneLine, verdictTitle, type PolicyVerdict } from '../gate/policy-verdict';
import type { Digest, StepId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { nodeAt } from '../plan/plan-index';
import type { Answer } from '../step/question';
import { itemLabel } from './item-label';
import { nodesBehind, placeBehind } from './behind';
import { itemDigest, readsBehind } from './gate-reads';
import { secretsBehind } from './secret-names';
import { verdictAt } from './policy-at';
import { inputsAt, scopeFor, stepView, visibleStep, type Sight } from './scope';
import { valueOf, type Missing, type Values } from './values';

/** What the driver supplies to a rendering: time, randomness, and what binds the request to the admitted run. */
export interface GateRendering {
  /** Milliseconds since the epoch, database time. */
  readonly at: number;
  readonly nonce: string;
  readonly profileDigest: Digest;
  readonly admissionDigest: Digest;
}

type Keep = (value: Json) => { kind: 'value'; digest: Digest; size: number };

/** Renders the gate request (documents.md): what is shown, what may be read behind it, until when. Its digest is the gate digest. */
export function renderGate(sight: Sight, step: StepId, rendering: GateRendering, missing: Missing, keep: Keep): Answer {
  const { node } = nodeAt(sight.x, step);
  if (node.kind !== 'gate') throw new TypeError('not a gate');
  const { plan, defaults, approvalFloor } = sight.x;
  const approval = plan.approvals.find((one) => one.id === node.approval);
  const expiresAfter = Math.min(approval?.expiresAfterMs ?? defaults.expiresAfterMs, approvalFloor.maxExpiresAfterMs);
  const expiresAt = rendering.at + expiresAfter;
  const executeBy = expiresAt + (approval?.executeWithinMs ?? defaults.executeWithinMs);
  const verdict = verdictAt(sight, step);
  const template: Json = { message: node.message ?? '', show: node.show };
  const rendered = evaluateTemplate(template, scopeFor(sight, step, readsOfTemplate(template), missing)) as {
    message: Json;
    show: Json;
  };
  const written = typeof rendered.message === 'string' ? rendered.message : JSON.stringify(rendered.message);
  const message = node.message === null && verdict ? overrideMessage(verdict) : written;
  const ages = [approval?.maxAuthAgeMs, approvalFloor.maxAuthAgeMs].filter(
    (age): age is number => typeof age === 'number',
  );
  const request: GateRequest = {
    schema: 'taskrunner.gate-request.v1',
    runId: sight.context.runId,
    tenant: sight.context.tenant,
    gate: step,
    label: itemLabel(sight, step, missing),
    planHash: sight.x.planHash,
    profileDigest: rendering.profileDigest,
    admissionDigest: rendering.admissionDigest,
    requirement: {
      approval: node.approval ?? '',
      grants: [...new Set(['packs.approve', ...(approval?.grants ?? [])])].sort(),
      minApprovals: Math.max(approval?.minApprovals ?? 1, approvalFloor.minApprovals),
      selfApproval: (approval?.allowSelfApproval ?? false) && approvalFloor.selfApproval,
      proof: approvalFloor.proof,
      maxAuthAge: ages.length > 0 ? `PT${Math.min(...ages) / 1_000}S` : null,
      reasonRequired: approval?.reasonRequired ?? false,
      formDigest: node.form === null ? null : digestOf(node.form),
      ...(approvalFloor.actors && { actors: approvalFloor.actors }),
    },
    policy: verdict && policyShown(sight, step, verdict),
    message,
    showDigest: keep(rendered.show).digest,
    reads: readsBehind(sight, step),
    item: itemDigest(sight, step, missing),
    secrets: secretsBehind(sight, step),
    opens: opensOf(sight, step),
    notApplied: notApplied(sight),
    nonce: rendering.nonce,
    openedAt: new Date(rendering.at).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    executeBy: new Date(executeBy).toISOString(),
  };
  const ref = keep(request as unknown as Json);
  return { kind: 'gate', request: ref, gateDigest: ref.digest, expiresAt, executeBy };
}

/**
 * What the people who may override a denial read where the pack has no message. The reasons stand in `policy`. It is part of the gate digest,
 * which verifiers derive again: another wording needs a version of its own.
 */
function overrideMessage(verdict: PolicyVerdict): string {
  return `${oneLine(verdictTitle(verdict))}. Approving overrides the denial.`;
}

function policyShown(sight: Sight, step: StepId, { id, level }: PolicyVerdict): Json {
  const judged = sight.results.get(step)?.judged;
  if (!judged) return null;
  const { allow, undecided, reasons, engine, digest } = judged;
  return { id, level, allow, undecided, reasons: [...reasons], engine, digest };
}

function opensOf(sight: Sight, gate: StepId): readonly string[] {
  return nodesBehind(sight.x, gate)
    .filter(({ node }) => node.kind === 'run' && node.effects !== 'pure')
    .map((node) => placeBehind(gate, node));
}

/** Gates that did not apply: skipped by their own `when`. */
function notApplied(sight: Sight): readonly string[] {
  return [...sight.x.nodes.values()]
    .filter(({ node, id }) => node.kind === 'gate' && sight.results.get(id as unknown as StepId)?.code === 'WHEN_FALSE')
    .map(({ id }) => id);
}

/** `steps.<gate>.outputs`: `{decision, response, decisions[]}` of an approval, `{allow, reasons, engine, digest, overridden}` of a policy. */
export function gateOutputs(sight: Sight, step: StepId, missing: Missing): Json {
  const result = sight.results.get(step);
  if (result?.judged) {
    const { allow, reasons, engine, digest } = result.judged;
    return { allow, reasons: [...reasons], engine, digest, overridden: result.gate?.outcome === 'approved' };
  }
  const decisions = result?.gate?.decisions ?? [];
  const last = decisions.at(-1);
  return {
    decision: result?.gate?.outcome ?? null,
    response: last ? valueOf(sight.x, sight.results, sight.values, last.response, missing) : null,
    decisions: decisions.map(({ decisionId, person, decision, record }) => ({
      decisionId,
      person: { ...person },
      decision,
      record,
    })),
  };
}

/** What of a policy's input does not stem from the journal. */
export interface Asked {
  /** The gate's `with`, by value. */
  readonly params: Json;
  /** Who initiated the run, the requester first. */
  readonly actor: Json;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The input that a policy is asked with, by value. `among` limits the steps whose results stand in it: a verifier derives an input that was
 * made before later steps ended.
 */
export function policyInput(
  sight: Sight,
  step: StepId,
  at: number,
  actor: Json,
  missing: Missing,
  among: (name: string) => boolean = () => true,
): Json {
  const { node } = nodeAt(sight.x, step);
  const withTemplate = node.kind === 'gate' ? node.with : {};
  const params = evaluateTemplate(withTemplate, scopeFor(sight, step, readsOfTemplate(withTemplate), missing));
  return policyInputWith(sight, step, { params, actor, at }, missing, among);
}

/** The same where its parameters are made already. */
export function policyInputWith(
  sight: Sight,
  step: StepId,
  { params, actor, at }: Asked,
  missing: Missing,
  among: (name: string) => boolean = () => true,
): JsonObject {
  const steps: Record<string, Json> = {};
  for (const { name, id } of sight.x.nodes.values()) {
    if (!among(name)) continue;
    const place = visibleStep(sight.x, step, name);
    if (place !== null && sight.results.get(place)?.endedAt != null && nodeAt(sight.x, place).id === id)
      steps[name] = stepView(sight, place, missing);
  }
  const { runId, tenant, planHash } = sight.context;
  const inputs = inputsAt(sight, step, missing);
  return {
    inputs,
    steps,
    params,
    actor,
    tenant,
    plan: { hash: planHash, pack: { name: sight.x.plan.pack.name, version: sight.x.plan.pack.version } },
    run: { id: runId },
    now: new Date(at).toISOString(),
  };
}

export type { Values };
