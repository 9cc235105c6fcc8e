import { parseTemplate, printTemplate } from '../expression/template';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { Pack } from './model/pack';
import type { GateBody, LoopBody, LoopItems, PackStep, RunBody, SecretUse, StepBody } from './model/pack-step';
import { isVerbatim, normaliseParameters } from './model/parameter-spellings';
import type { FailureRetries, Retries } from './model/retries';

/**
 * The pack in canonical spelling: expressions in canonical text, sets sorted, declarations by name, parameters normalised. A text without a
 * valid expression stays unchanged. It is for digests only: the order that people see (of inputs, of secrets) is not kept.
 */
export function canonicalPack(pack: Pack): Pack {
  const { spec } = pack;
  const { failure, success, sandbox } = spec;
  return {
    ...pack,
    metadata: { ...pack.metadata, tenantVisibility: visibility(pack.metadata.tenantVisibility) },
    spec: {
      ...spec,
      inputs: byName(spec.inputs),
      secrets: byName(spec.secrets),
      approvals: sorted(
        spec.approvals.map((approval) => ({
          ...approval,
          grants: set(approval.grants),
          reasonTemplate: maybe(approval.reasonTemplate),
        })),
        ({ id }) => id,
      ),
      policies: sorted(spec.policies, ({ id }) => id),
      sandbox: { ...sandbox, egressAllowlist: sandbox.egressAllowlist === null ? null : set(sandbox.egressAllowlist) },
      concurrency: spec.concurrency === null ? null : { ...spec.concurrency, group: text(spec.concurrency.group) },
      steps: spec.steps.map((step) => stepOf(step, failure.retries)),
      outputs: byName(spec.outputs.map((output) => ({ ...output, value: value(output.value) }))),
      success: { message: maybe(success.message) },
      failure: {
        message: maybe(failure.message),
        retries: failure.retries === null ? null : { ...failure.retries, ...codes(failure.retries) },
      },
    },
  };
}

function stepOf(step: PackStep, ofPack: FailureRetries | null): PackStep {
  const { needs, retries, body } = step;
  // An absent value and `false` mean the same, unless the pack sets a default for all its `run` steps.
  const inherited = body.kind === 'run' && ofPack?.continueOnError === true;
  return {
    ...step,
    when: maybe(step.when),
    needs: needs === null ? null : set(needs),
    workers: set(step.workers),
    retries: retries === null ? null : { ...retries, ...codes(retries) },
    continueOnError: step.continueOnError === false && !inherited ? null : step.continueOnError,
    body: bodyOf(body, (steps) => steps.map((one) => stepOf(one, ofPack))),
  };
}

function bodyOf(body: StepBody, steps: (list: readonly PackStep[]) => readonly PackStep[]): StepBody {
  switch (body.kind) {
    case 'run':
      return { kind: 'run', ...runOf(body) };
    case 'group':
    case 'parallel':
      return { ...body, steps: steps(body.steps) };
    case 'map':
      return {
        ...body,
        items: value(body.items),
        label: maybe(body.label),
        steps: steps(body.steps),
        outputs: body.outputs === null ? null : members(body.outputs),
      };
    case 'loop':
      return { kind: 'loop', ...loopOf(body), body: steps(body.body) };
    case 'conditional':
      return {
        ...body,
        branches: body.branches.map((branch) => ({ when: text(branch.when), steps: steps(branch.steps) })),
        otherwise: body.otherwise === null ? null : steps(body.otherwise),
      };
    case 'gate':
      return { kind: 'gate', gate: gateOf(body) };
  }
}

function runOf(run: RunBody): RunBody {
  const parameters = Object.fromEntries(
    Object.entries(run.with).map(([name, one]) => [name, isVerbatim(run.uses, name) ? one : value(one)]),
  );
  return {
    ...run,
    with: normaliseParameters(run.uses, parameters),
    env: Object.fromEntries(Object.entries(run.env).map(([name, one]) => [name, text(one)])),
    files: members(run.files),
    secrets: sorted(run.secrets, secretKey),
    tools: Object.fromEntries(Object.entries(run.tools).map(([name, digests]) => [name, set(digests)])),
    egress: sorted(run.egress, ({ url, intent }) => `${url} ${intent ?? ''}`),
    artifacts: sorted(run.artifacts, ({ name }) => name),
  };
}

function secretKey(use: SecretUse): string {
  if (use.kind === 'inner') return `${use.name} ${use.inner}`;
  return `${use.name} ${use.kind === 'env' ? use.env : ''} ${use.kind === 'file' ? use.file : ''}`;
}

function loopOf(loop: LoopBody): LoopBody {
  return {
    ...loop,
    items: loop.items === null ? null : itemsOf(loop.items),
    until: maybe(loop.until),
    outputs: loop.outputs === null ? null : members(loop.outputs),
  };
}

function itemsOf(items: LoopItems): LoopItems {
  switch (items.kind) {
    case 'expression':
      return { ...items, expression: text(items.expression) };
    case 'static':
      return { ...items, values: items.values.map(value) };
    case 'range':
      return { ...items, start: end(items.start), end: end(items.end), step: end(items.step) };
  }
}

const end = (one: number | string): number | string => (typeof one === 'string' ? text(one) : one);

function gateOf({ gate }: GateBody): GateBody['gate'] {
  return gate.kind === 'approval'
    ? { ...gate, message: maybe(gate.message), show: members(gate.show) }
    : { ...gate, with: members(gate.with) };
}

function codes({ on }: Retries): Pick<Retries, 'on'> {
  return { on: on === null ? null : set(on) };
}

function visibility(tenants: Pack['metadata']['tenantVisibility']): Pack['metadata']['tenantVisibility'] {
  return typeof tenants === 'string' ? tenants : set(tenants);
}

function value(one: Json): Json {
  if (typeof one === 'string') return text(one);
  if (isJsonArray(one)) return one.map(value);
  return isJsonObject(one) ? members(one) : one;
}

function members(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, one]) => [name, value(one)]));
}

function text(one: string): string {
  const parsed = parseTemplate(one);
  return parsed.kind === 'template' ? printTemplate(parsed.template) : one;
}

const maybe = (one: string | null): string | null => (one === null ? null : text(one));
const set = <T extends string>(names: readonly T[]): readonly T[] => [...new Set(names)].sort();
const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
  sorted(list, ({ name }) => name);

function sorted<T>(list: readonly T[], key: (one: T) => string): readonly T[] {
  return [...list].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
