import type { GateRequest } from '../gate/gate-request';
import { oneLine, verdictTitle, type PolicyVerdict } from '../gate/policy-verdict';
import type { Digest, StepId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { nodeAt } from '../plan/plan-index';
import type { Answer } from '../step/question';
import { itemLabel } from './item-label';
import { itemDigest, readsBehind } from './gate-reads';
import { plannedGate } from './planned-gate';
import { secretsBehind } from './secret-names';
import { verdictAt } from './policy-at';
import { inputsAt, scopeFor, stepView, visibleStep, type BindingContext } from './scope';
import { valueOf, type Missing, type Values } from './values';

/** What the driver supplies to a rendering: time, randomness, and the values that bind the request to the admitted run. */
export interface GateRendering {
  /** Milliseconds since the epoch, database time. */
  readonly at: number;
  readonly nonce: string;
  readonly profileDigest: Digest;
  readonly admissionDigest: Digest;
}

type Keep = (value: Json) => { kind: 'value'; digest: Digest; size: number };

/**
 * Renders the gate request (docs/predicates/records.md): what is shown, what may be read behind the gate, and when the gate expires. Its digest is the
 * gate digest.
 */
export function renderGate(
  context: BindingContext,
  step: StepId,
  rendering: GateRendering,
  missing: Missing,
  keep: Keep,
): Answer {
  const { node } = nodeAt(context.index, step);
  if (node.kind !== 'gate') throw new TypeError('not a gate');
  const { requirement, opens, expiresAfterMs, executeWithinMs } = plannedGate(context.index, step, node);
  const expiresAt = rendering.at + expiresAfterMs;
  const executeBy = expiresAt + executeWithinMs;
  const verdict = verdictAt(context, step);
  const template: Json = { message: node.message ?? '', show: node.show };
  const rendered = evaluateTemplate(template, scopeFor(context, step, readsOfTemplate(template), missing)) as {
    message: Json;
    show: Json;
  };
  const message = node.message === null && verdict ? overrideMessage(verdict) : writtenMessage(rendered.message);
  const request: GateRequest = {
    schema: 'taskrunner.gate-request.v1',
    runId: context.context.runId,
    tenant: context.context.tenant,
    gate: step,
    label: itemLabel(context, step, missing),
    planHash: context.index.planHash,
    profileDigest: rendering.profileDigest,
    admissionDigest: rendering.admissionDigest,
    requirement,
    policy: verdict && policyShown(context, step, verdict),
    message,
    showDigest: keep(rendered.show).digest,
    reads: readsBehind(context, step),
    item: itemDigest(context, step, missing),
    secrets: secretsBehind(context, step),
    opens,
    notApplied: notApplied(context),
    nonce: rendering.nonce,
    openedAt: new Date(rendering.at).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    executeBy: new Date(executeBy).toISOString(),
  };
  const ref = keep(request as unknown as Json);
  return { kind: 'gate', request: ref, gateDigest: ref.digest, expiresAt, executeBy };
}

/**
 * The message shown to people who may override a denial if the pack has no message. The reasons are in `policy`. The message is part of the
 * gate digest, which verifiers derive again. A change of the wording therefore needs a new version.
 */
export function overrideMessage(verdict: PolicyVerdict): string {
  return `${oneLine(verdictTitle(verdict))}. Approving overrides the denial.`;
}

/** The text of a message. A message that is one expression can have another type. */
export function writtenMessage(message: Json): string {
  return typeof message === 'string' ? message : JSON.stringify(message);
}

function policyShown(context: BindingContext, step: StepId, { id, level }: PolicyVerdict): Json {
  const judged = context.results.get(step)?.judged;
  if (!judged) return null;
  const { allow, undecided, reasons, engine, digest } = judged;
  return { id, level, allow, undecided, reasons: [...reasons], engine, digest };
}

/** Gates that did not apply because their own `when` skipped them. */
function notApplied(context: BindingContext): readonly string[] {
  return [...context.index.nodes.values()]
    .filter(
      ({ node, id }) => node.kind === 'gate' && context.results.get(id as unknown as StepId)?.code === 'WHEN_FALSE',
    )
    .map(({ id }) => id);
}

/** `steps.<gate>.outputs`: `{decision, response, decisions[]}` of an approval, `{allow, reasons, engine, digest, overridden}` of a policy. */
export function gateOutputs(context: BindingContext, step: StepId, missing: Missing): Json {
  const result = context.results.get(step);
  if (result?.judged) {
    const { allow, reasons, engine, digest } = result.judged;
    return { allow, reasons: [...reasons], engine, digest, overridden: result.gate?.outcome === 'approved' };
  }
  const decisions = result?.gate?.decisions ?? [];
  const last = decisions.at(-1);
  return {
    decision: result?.gate?.outcome ?? null,
    response: last ? valueOf(context.index, context.results, context.values, last.response, missing) : null,
    decisions: decisions.map(({ decisionId, person, decision, record }) => ({
      decisionId,
      person: { ...person },
      decision,
      record,
    })),
  };
}

/** The parts of a policy's input that do not come from the journal. */
export interface Asked {
  /** The gate's `with`, by value. */
  readonly params: Json;
  /** Who initiated the run, the requester first. */
  readonly actor: Json;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The input document of a policy, by value. `among` limits the steps whose results it contains, so that a verifier can derive an input that
 * was made before later steps ended.
 */
export function policyInput(
  context: BindingContext,
  step: StepId,
  at: number,
  actor: Json,
  missing: Missing,
  among: (name: string) => boolean = () => true,
): Json {
  const { node } = nodeAt(context.index, step);
  const withTemplate = node.kind === 'gate' ? node.with : {};
  const params = evaluateTemplate(withTemplate, scopeFor(context, step, readsOfTemplate(withTemplate), missing));
  return policyInputWith(context, step, { params, actor, at }, missing, among);
}

/** The same, with parameters that are bound already. */
export function policyInputWith(
  context: BindingContext,
  step: StepId,
  { params, actor, at }: Asked,
  missing: Missing,
  among: (name: string) => boolean = () => true,
): JsonObject {
  const steps: Record<string, Json> = {};
  for (const { name, id } of context.index.nodes.values()) {
    if (!among(name)) continue;
    const place = visibleStep(context.index, step, name);
    if (place !== null && context.results.get(place)?.endedAt != null && nodeAt(context.index, place).id === id)
      steps[name] = stepView(context, place, missing);
  }
  const { runId, tenant, planHash } = context.context;
  const inputs = inputsAt(context, step, missing);
  return {
    inputs,
    steps,
    params,
    actor,
    tenant,
    plan: { hash: planHash, pack: { name: context.index.plan.pack.name, version: context.index.plan.pack.version } },
    run: { id: runId },
    now: new Date(at).toISOString(),
  };
}

export type { Values };
