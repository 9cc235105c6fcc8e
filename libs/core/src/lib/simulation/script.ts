import { pointerTo } from '../document/json-pointer';
import { nearestName } from '../foundation/nearest-name';
import { sortFaults, type Fault } from '../foundation/fault';
import type { StepId } from '../foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { nodeOf } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';
import { checkCombination, checkOutcome, type ScriptReport } from './check-script';
import { stepPattern, type StepPattern } from './step-pattern';

/** The assumed outcome of a step. */
export interface Outcome {
  readonly status: 'succeeded' | 'failed';
  /** Null: not stated. */
  readonly outputs: { readonly value: Json } | null;
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean };
  /** Decision at a gate. */
  readonly decision: 'approved' | 'rejected' | 'expired';
  /**
   * Of a policy gate: the policy's answer; `decision` is then that of the people who override it. Null: `decision` is the policy's answer.
   */
  readonly policy: 'allows' | 'denies' | null;
  /** Of a policy gate: true if the policy's answer is stated; false: it is evaluated if possible. */
  readonly answers: boolean;
  /** Of a policy gate: the parts of the policy's input that only a run knows. */
  readonly given: SuppliedFacts;
  /** Of a gate with a form: the approvers' response. Null: not stated. */
  readonly response: { readonly value: Json } | null;
  /** The attempt with this outcome; earlier ones fail. Null: the first attempt that may be the last. */
  readonly attempts: number | null;
}

/** Values that only a real run has. Null: not stated. */
export interface SuppliedFacts {
  /** Milliseconds since the epoch. */
  readonly now: number | null;
  readonly tenant: string | null;
  /** Who initiated the run, the requester first. */
  readonly actor: Json;
}

/** The assumed outcomes, by step. */
export interface Script {
  outcomeOf(step: StepId): Outcome | null;
  /** Named single instances: `rollout[3]::deploy`. */
  readonly instances: readonly StepId[];
}

type ParsedScript =
  | { readonly kind: 'script'; readonly script: Script }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

const STATUSES = ['succeeded', 'failed', 'approved', 'rejected', 'expired'] as const;
const MEMBERS = ['status', 'outputs', 'error', 'decision', 'policy', 'given', 'response', 'attempts'] as const;

/**
 * Reads a script (docs/guides/simulation.md): `{<step id or pattern>: {status, outputs?, error?, decision?, policy?, given?, response?, attempts?}}`, where a
 * text is the status. An id may be one item's (`map[3]::step`) or all items' (`map::step`); `*` in a pattern stands for any characters. Of
 * several that fit, the exact id wins, then the id without indexes, then the longest pattern.
 */
export function parseScript(written: Json, index: PlanIndex): ParsedScript {
  const faults: Fault[] = [];
  const fault: ScriptReport = (path, code, message, remediation) => {
    faults.push({ code, path, line: null, column: null, message, remediation });
  };
  if (!isJsonObject(written)) {
    fault('', 'SCRIPT_INVALID', 'A script must be an object.', 'Use {<step id>: {status: failed}}.');
    return { kind: 'refused', faults };
  }
  const exact = new Map<string, Outcome>();
  const patterns: { readonly pattern: StepPattern; readonly outcome: Outcome }[] = [];
  for (const [key, value] of Object.entries(written)) {
    const at = pointerTo('', key);
    const pattern = stepPattern(key);
    const isKnown = pattern.isExact && index.nodes.has(nodeOf(key as StepId));
    const outcome = readOutcome(value, at, isKnown, fault);
    if (pattern.isExact) exact.set(key, outcome);
    else patterns.push({ pattern, outcome });
    const known = pattern.isExact ? index.nodes.get(nodeOf(key as StepId)) : undefined;
    if (known !== undefined)
      checkOutcome(
        known.node,
        typeof value === 'string' ? { status: value } : isJsonObject(value) ? value : {},
        at,
        fault,
      );
    if (pattern.picksAny(index.nodes.keys())) continue;
    const near = nearestName(nodeOf(key as StepId), index.nodes.keys());
    fault(
      at,
      'SCRIPT_UNKNOWN_STEP',
      `The plan has no step ${key}.`,
      near === null ? 'Use the id of a step in the plan.' : `Did you mean ${near}?`,
    );
  }
  if (faults.length > 0) return { kind: 'refused', faults: sortFaults(faults) };
  patterns.sort(({ pattern: { key: a } }, { pattern: { key: b } }) => b.length - a.length || (a < b ? -1 : 1));
  const outcomeOf = (step: StepId): Outcome | null =>
    exact.get(step) ?? exact.get(nodeOf(step)) ?? patterns.find(({ pattern }) => pattern.picks(step))?.outcome ?? null;
  const instances = ([...exact.keys()] as StepId[]).filter((step) => nodeOf(step) !== (step as string));
  return { kind: 'script', script: { outcomeOf, instances } };
}

/** `isKnown`: `checkOutcome` reports what the step itself cannot do. */
function readOutcome(value: Json, at: string, isKnown: boolean, fault: ScriptReport): Outcome {
  const written = typeof value === 'string' ? { status: value } : value;
  if (!isJsonObject(written))
    fault(at, 'SCRIPT_INVALID', 'An outcome must be a status or an object.', 'Write {status: failed}.');
  else checkCombination(written, at, isKnown, fault);
  const {
    status,
    outputs,
    error,
    decision,
    policy,
    given: supplied,
    response,
    attempts,
  } = isJsonObject(written) ? written : {};
  for (const name of Object.keys(isJsonObject(written) ? written : {})) {
    if ((MEMBERS as readonly string[]).includes(name)) continue;
    const near = nearestName(name, MEMBERS);
    fault(
      pointerTo(at, name),
      'SCRIPT_INVALID',
      `An outcome has no member ${name}.`,
      near === null ? `Known members: ${MEMBERS.join(', ')}.` : `Did you mean ${near}?`,
    );
  }
  const chosen = decision ?? status ?? 'succeeded';
  for (const [name, one] of Object.entries({ status, decision })) {
    if (one !== undefined && !STATUSES.some((known) => known === one))
      fault(
        typeof value === 'string' ? at : pointerTo(at, name),
        'SCRIPT_INVALID',
        `${name} is ${STATUSES.join(', ')}.`,
        'Use one of the allowed values.',
      );
  }
  if (policy !== undefined && policy !== 'allows' && policy !== 'denies')
    fault(`${at}/policy`, 'SCRIPT_INVALID', 'policy must be allows or denies.', 'Use one of the allowed values.');
  if (attempts !== undefined && (typeof attempts !== 'number' || !Number.isInteger(attempts) || attempts < 1)) {
    fault(
      `${at}/attempts`,
      'SCRIPT_INVALID',
      'attempts must be an integer of at least 1.',
      'Use the number of attempts that the step takes.',
    );
  }
  const said = isJsonObject(error) ? error : typeof error === 'string' ? { code: error } : {};
  return {
    status: status === 'failed' || status === 'rejected' || status === 'expired' ? 'failed' : 'succeeded',
    outputs: outputs === undefined ? null : { value: outputs },
    error: {
      code: typeof said['code'] === 'string' ? said['code'] : 'SCRIPTED_FAILURE',
      message: typeof said['message'] === 'string' ? said['message'] : 'the script says so',
      retryable: said['retryable'] !== false,
    },
    decision: chosen === 'rejected' || chosen === 'failed' ? 'rejected' : chosen === 'expired' ? 'expired' : 'approved',
    answers: policy !== undefined || (decision ?? status) !== undefined,
    given: readSupplied(supplied, `${at}/given`, fault),
    policy: policy === 'allows' || policy === 'denies' ? policy : null,
    response: response === undefined ? null : { value: response },
    attempts: typeof attempts === 'number' ? attempts : null,
  };
}

const FACTS = ['now', 'tenant', 'actor'] as const;
const MAX_TIME = 8_640_000_000_000_000;

function readSupplied(supplied: Json | undefined, at: string, fault: ScriptReport): SuppliedFacts {
  const help = 'Write {now: "2026-01-05T10:00:00Z", tenant: acme, actor: [{iss: …, sub: …, kind: person}]}.';
  const refuse = (path: string, message: string): void => fault(path, 'SCRIPT_INVALID', message, help);
  if (supplied !== undefined && !isJsonObject(supplied)) refuse(at, 'given must be an object.');
  const { now, tenant, actor } = isJsonObject(supplied) ? supplied : {};
  for (const name of Object.keys(isJsonObject(supplied) ? supplied : {}))
    if (!(FACTS as readonly string[]).includes(name)) refuse(pointerTo(at, name), `given has no member ${name}.`);
  const time = typeof now === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(now) ? Date.parse(now) : NaN;
  const isTime = Math.abs(time) <= MAX_TIME;
  if (now !== undefined && !isTime) refuse(`${at}/now`, 'now must be a time in RFC 3339 format.');
  if (tenant !== undefined && typeof tenant !== 'string') refuse(`${at}/tenant`, 'tenant must be a string.');
  if (actor !== undefined && !isActors(actor)) refuse(`${at}/actor`, 'actor must be a list of {iss, sub, kind}.');
  return {
    now: isTime ? time : null,
    tenant: typeof tenant === 'string' ? tenant : null,
    actor: actor !== undefined && isActors(actor) ? actor : null,
  };
}

function isActors(actor: Json): boolean {
  return (
    isJsonArray(actor) &&
    actor.length > 0 &&
    actor.every(
      (one) =>
        isJsonObject(one) &&
        typeof one['iss'] === 'string' &&
        typeof one['sub'] === 'string' &&
        (one['kind'] === 'person' || one['kind'] === 'client'),
    )
  );
}
