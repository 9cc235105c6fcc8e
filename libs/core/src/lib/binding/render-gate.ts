import { digestOf } from '../canonical/digest';
import type { GateRequest } from '../gate/gate-request';
import type { Digest, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { indexOf, itemAround, repeatOf } from '../plan/place';
import { itemAt } from '../plan/loop-items';
import { nodeAt } from '../plan/plan-index';
import type { Answer } from '../step/question';
import { itemLabel } from './item-label';
import { nodesBehind, placeBehind, readsPrevious, stepNamesRead } from './behind';
import type { StepResult } from './results';
import { secretsBehind } from './secret-names';
import { inputsAt, previousItem, scopeFor, stepView, visibleStep, type Sight } from './scope';
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
  const template: Json = { message: node.message ?? '', show: node.show };
  const rendered = evaluateTemplate(template, scopeFor(sight, step, readsOfTemplate(template), missing)) as {
    message: Json;
    show: Json;
  };
  const message = typeof rendered.message === 'string' ? rendered.message : JSON.stringify(rendered.message);
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
    },
    policy: policyShown(sight, step),
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

function policyShown(sight: Sight, step: StepId): Json {
  const judged = sight.results.get(step)?.judged;
  if (!judged) return null;
  const { allow, undecided, reasons, engine, digest } = judged;
  return { allow, undecided, reasons: [...reasons], engine, digest };
}

/** The digest of one step's result as steps behind a gate may read it. */
export function resultDigest(result: StepResult): Digest {
  return digestOf({
    status: result.status,
    code: result.code,
    outputs: result.outputs?.digest ?? null,
    artifacts: result.artifacts
      .map(({ name, digest }) => ({ name, digest }))
      .sort((a, b) => (a.name + a.digest < b.name + b.digest ? -1 : 1)),
  });
}

/** The results that are fixed when the gate is reached and that a step behind it can read, by step id; `previous` by its item's. */
export function readsBehind(sight: Sight, gate: StepId): { readonly [step: string]: Digest } {
  const reads: Record<string, Digest> = {};
  const behind = nodesBehind(sight.x, gate);
  const ids = new Set(behind.map((node) => node.id));
  for (const node of behind) {
    const before = readsPrevious(node) ? previousItem(sight.x, placeBehind(gate, node)) : null;
    const previous = before === null ? undefined : sight.results.get(before);
    if (before !== null && previous?.endedAt != null) reads[before] = resultDigest(previous);
    for (const name of stepNamesRead(node)) {
      const place = visibleStep(sight.x, placeBehind(gate, node), name);
      if (place === null || place === gate) continue;
      const result = sight.results.get(place);
      if (result?.endedAt != null && !ids.has(nodeAt(sight.x, place).id)) reads[place] = resultDigest(result);
    }
  }
  return reads;
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

function itemDigest(sight: Sight, step: StepId, missing: Missing): Digest | null {
  const item = itemAround(step);
  if (item === null) return null;
  const list = valueOf(
    sight.x,
    sight.results,
    sight.values,
    sight.results.get(repeatOf(item))?.items?.ref ?? null,
    missing,
  );
  return digestOf(itemAt(list, indexOf(item)));
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

/** The input that a policy is asked with, by value. */
export function policyInput(sight: Sight, step: StepId, at: number, actor: Json, missing: Missing): Json {
  const { node } = nodeAt(sight.x, step);
  const withTemplate = node.kind === 'gate' ? node.with : {};
  const params = evaluateTemplate(withTemplate, scopeFor(sight, step, readsOfTemplate(withTemplate), missing));
  const steps: Record<string, Json> = {};
  for (const { name, id } of sight.x.nodes.values()) {
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
