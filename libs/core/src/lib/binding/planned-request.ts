import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import { sameJson } from '../canonical/same-json';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { ExpressionError } from '../expression/expression-fault';
import type { Digest, RunId, StepId, TenantId } from '../foundation/ids';
import { isJsonObject, type Json } from '../foundation/json';
import type { GateRequest } from '../gate/gate-request';
import { verdictInRequest, type PolicyVerdict } from '../gate/policy-verdict';
import { nodesBehind } from '../plan/behind/behind-gate';
import { itemAround, itemsAround, nodeOf, repeatOf } from '../plan/place';
import type { GateNode, Policy } from '../plan/plan';
import { nodeAt, packAround, type PlanIndex } from '../plan/plan-index';
import { plannedGate } from './planned-gate';
import { overrideMessage, writtenMessage } from './render-gate';
import { RunProjection } from './run-projection';
import { scopeFor, type BindingContext } from './scope';
import { secretsOf } from './secret-names';
import { Missing } from './values';

/** A part of a request that is another than the plan determines. Texts of the request are named by digest. */
interface RequestDifference {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

interface Shown {
  readonly request: GateRequest;
  readonly show: Json;
}

/** Roots that have the same values in the whole run; `inputs` outside of inner packs. */
const FIXED_ROOTS: ReadonlySet<string> = new Set(['inputs', 'pack', 'run', 'tenant']);

/**
 * Compares what a gate asks for with what plan, profile and environment determine of it: requirement, times, policy, the names of items,
 * secrets and steps, and of message and shown values what reads no result of a step. Null: no difference. What depends on results of steps
 * (`reads`, `item`, versions, the other texts) is not compared: only the journal determines it. Identifiers and hashes are not compared
 * either.
 */
export function differenceFromPlan(index: PlanIndex, shown: Shown): RequestDifference | null {
  const { request } = shown;
  const gate = request.gate as StepId;
  const node = index.nodes.get(nodeOf(gate))?.node;
  if (node?.kind !== 'gate') return { what: 'the gate', expected: 'a gate of the plan', found: node?.kind ?? 'none' };
  return (
    requirementDifference(index, gate, node, request) ??
    policyDifference(index, node, request) ??
    placeDifference(index, gate, request) ??
    textDifference(index, gate, node, shown)
  );
}

function requirementDifference(
  index: PlanIndex,
  gate: StepId,
  node: GateNode,
  { requirement, opens, openedAt, expiresAt, executeBy }: GateRequest,
): RequestDifference | null {
  const planned = plannedGate(index, gate, node);
  const names = Object.keys({ ...planned.requirement, ...requirement }) as (keyof GateRequest['requirement'])[];
  const [opened, expires, ends] = [openedAt, expiresAt, executeBy].map((time) => Date.parse(time)) as [
    number,
    number,
    number,
  ];
  const parts: readonly (readonly [string, Json | undefined, Json | undefined])[] = [
    ...names.map((name) => [name, asJson(planned.requirement[name]), asJson(requirement[name])] as const),
    ['time to decide', planned.expiresAfterMs, expires - opened],
    ['time to execute', planned.executeWithinMs, ends - expires],
    ['list of opened steps', [...planned.opens], [...opens]],
  ];
  const wrong = parts.find(([, expected, found]) => shownValue(expected) !== shownValue(found));
  return wrong ? { what: `the ${wrong[0]}`, expected: shownValue(wrong[1]), found: shownValue(wrong[2]) } : null;
}

function asJson(value: GateRequest['requirement'][keyof GateRequest['requirement']]): Json | undefined {
  return value as Json | undefined;
}

function shownValue(value: Json | undefined): string {
  return value === undefined ? 'none' : canonical(value);
}

/** A policy that allowed it asks nobody, so a request can only name a denial. */
function policyDifference(index: PlanIndex, node: GateNode, { policy }: GateRequest): RequestDifference | null {
  const planned = policyOf(index, node);
  const verdict = verdictInRequest(policy, planned);
  const named = (one: Pick<PolicyVerdict, 'id' | 'level' | 'engine' | 'digest'> | null): string =>
    one === null ? 'none' : [one.id, one.level, one.engine, one.digest].join(' ');
  const [expected, found] = [named(planned), policy !== null && verdict === null ? 'another' : named(verdict)];
  if (expected !== found) return { what: 'the policy', expected, found };
  return verdict?.result === 'allow' ? { what: 'the verdict', expected: 'a denial', found: verdict.result } : null;
}

/** What the place of the gate in the plan determines of names and items. */
function placeDifference(
  index: PlanIndex,
  gate: StepId,
  { label, item, secrets, notApplied }: GateRequest,
): RequestDifference | null {
  const around = itemAround(gate);
  const repeat = around === null ? null : nodeAt(index, repeatOf(around)).node;
  if (label !== null && !(repeat?.kind === 'map' && repeat.label !== null))
    return { what: 'the label', expected: 'none', found: digestOf(label) };
  if ((item === null) !== (around === null))
    return { what: 'the item', expected: around === null ? 'none' : 'one', found: item ?? 'none' };
  const used = new Set(nodesBehind(index, gate).flatMap(({ node }) => (node.kind === 'run' ? secretsOf(node) : [])));
  const secret = secrets.find(({ name }) => !used.has(name));
  if (secret) return { what: 'the list of secrets', expected: [...used].join(' '), found: secret.name };
  const stray = notApplied.find((id) => index.nodes.get(nodeOf(id as StepId))?.node.kind !== 'gate');
  return stray === undefined ? null : { what: 'a gate that did not apply', expected: 'a gate', found: stray };
}

function textDifference(
  index: PlanIndex,
  gate: StepId,
  node: GateNode,
  { request, show }: Shown,
): RequestDifference | null {
  const verdict = node.message === null ? verdictInRequest(request.policy, policyOf(index, node)) : null;
  const texts = new FixedTexts(index, request);
  try {
    const message = verdict ? overrideMessage(verdict) : texts.valueOf(gate, node.message ?? '');
    const written = message === undefined ? undefined : writtenMessage(message);
    const shown = isJsonObject(show) ? show : {};
    return (
      difference('the message', written, request.message) ??
      difference('the names of shown values', Object.keys(node.show).sort(), Object.keys(shown).sort()) ??
      firstOf(Object.entries(node.show), ([name, template]) =>
        difference(`the shown value ${name}`, texts.valueOf(gate, template), shown[name] ?? null),
      )
    );
  } catch (error) {
    // Nor can the worker evaluate it: it opens no such gate.
    if (ExpressionError.is(error)) return { what: 'the gate', expected: `a fault, ${error.code}`, found: 'a gate' };
    throw error;
  }
}

function difference(what: string, expected: Json | undefined, found: Json): RequestDifference | null {
  if (expected === undefined || sameJson(expected, found)) return null;
  return { what, expected: digestOf(expected), found: digestOf(found) };
}

function firstOf<Item>(
  items: readonly Item[],
  find: (item: Item) => RequestDifference | null,
): RequestDifference | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}

function policyOf({ plan }: PlanIndex, { policy }: GateNode): Policy | null {
  return plan.policies.find(({ id }) => id === policy) ?? null;
}

/** Evaluates templates whose values the plan determines. */
class FixedTexts {
  private readonly context: BindingContext;

  constructor(index: PlanIndex, { runId, tenant }: GateRequest) {
    const { plan, planHash } = index;
    const context = { runId: runId as RunId, tenant: tenant as TenantId, planHash, inputs: plan.inputs };
    this.context = { index, results: new RunProjection(), values: new Map<Digest, Json>(), context };
  }

  /** Undefined if the value depends on steps or items. Throws an `ExpressionError`. */
  valueOf(gate: StepId, template: Json): Json | undefined {
    const reads = readsOfTemplate(template);
    if (!reads.every(({ root }) => this.isFixed(gate, root))) return undefined;
    return evaluateTemplate(template, scopeFor(this.context, gate, reads, new Missing()));
  }

  private isFixed(gate: StepId, root: string): boolean {
    const { index } = this.context;
    if (!FIXED_ROOTS.has(root) || (root === 'inputs' && packAround(index, gate) !== null)) return false;
    return !itemsAround(gate).some((item) => {
      const { node } = nodeAt(index, repeatOf(item));
      return (node.kind === 'map' || node.kind === 'loop') && (node.iterator === root || node.index === root);
    });
  }
}
