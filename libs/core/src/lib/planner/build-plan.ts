import { digestOf } from '../canonical/digest';
import { describeType } from '../expression/static-type';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { allSteps } from '../pack/check-steps';
import { contentDigest } from '../pack/pack-digest';
import type { FailureRetries } from '../pack/model/retries';
import { checkBundleRoots } from './check-bundles';
import { checkExports } from './check-exports';
import { checkPolicies } from './check-policies';
import { checkOverrides, checkReads, GateGuards } from './reading/check-gates';
import { inputsBesideUnreadable } from './context/inputs-beside-unreadable';
import { ExpressionReader } from './context/expression-reader';
import type { Place } from './context/field-reading';
import { Faults } from './context/faults';
import { FIELDS } from './context/field-rule';
import { hashPlan } from '../plan/hash-plan';
import { secretNamed, type InnerNames } from './context/inner-names';
import { checkPackFields, egressLists, readApprovals, readConcurrency, readPolicies } from './reading/pack-parts';
import type { Plan } from '../plan/plan';
import { indexPlan } from '../plan/plan-index';
import { profileOf } from './plan-profile';
import type { Planning, PlanRequest, RetryRule } from '../plan/plan-request';
import { InnerPacks, type PackUnit } from './context/pack-unit';
import { planLists, placeOf, type PlannedList, type PlannedStep } from './context/planned-step';
import type { Environment, ProfileDefaults } from '../plan/profile';
import { readList } from './reading/read-steps';
import type { StepContext } from './reading/step-context';
import { checkRetryCap, retryDefaults } from './retry-defaults';
import { resolveInputs, typeOfValueType } from './context/resolve-inputs';
import { sortBy } from './context/sort-by';
import { workerLabels } from '../plan/worker-labels';
import { alwaysApplies, effectsIn, type Known } from '../plan/ungated-effects';

/** Maximum number of steps of a manifest. */
const MAX_STEPS = 10_000;

/**
 * Builds a plan from a pack: `resolve inputs → check expressions → normalise → hash` (ADR 5). Pure; never throws for a pack or for
 * inputs. The same pack content, inputs and policies give the same plan hash everywhere.
 */
export function buildPlan(request: PlanRequest): Planning {
  const {
    pack: read,
    files,
    inputs,
    environment,
    configuration,
    source,
    unreadable = null,
    withoutInputs = false,
  } = request;
  const { pack } = read;
  const { spec, metadata } = pack;
  const faults = new Faults(read.locate, source ?? null, null, null, unreadable);
  const resolved = resolveInputs(pack, files, inputs, configuration.sensitiveInputs, faults, request.withheldInputs);
  const granted = new Set(Object.keys(configuration.secrets));
  const names = {
    inputs: unreadable === null ? resolved.type : inputsBesideUnreadable(resolved.type, spec.inputs, unreadable),
    sensitive: new Set(spec.inputs.filter((input) => input.sensitive).map(({ name }) => name)),
    secrets: spec.secrets.map(({ name }) => name),
    granted,
    optional: new Set(spec.secrets.filter(({ required }) => !required).map(({ name }) => name)),
  };
  const reader = new ExpressionReader(names, faults);
  const packValue = { name: metadata.name, version: metadata.version };
  let digest = request.contentDigest ?? null;
  const ownDigest = (): Digest => (digest ??= contentDigest(pack, files));
  const root: PackUnit = { read, files, faults, folder: '', contentDigest: ownDigest, chain: [] };
  const inner = new InnerPacks(files, read, MAX_STEPS);
  const list = planLists(root, (step, unit) => inner.open(step, unit));
  const steps = [...everyStep(list)];
  const count = allSteps(pack).length;
  if (count > MAX_STEPS)
    faults.add('PLAN_TOO_MANY_STEPS', '/spec/steps', `The pack has ${count} steps; at most ${MAX_STEPS} are allowed.`);
  const egress = egressLists(pack, environment, configuration, faults);
  const units = new Map<PackUnit, StepContext>();
  const known =
    resolved.sound && unreadable === null && !withoutInputs ? { inputs: resolved.values, pack: packValue } : null;
  const context: StepContext = {
    reader,
    faults,
    files,
    interpreters: configuration.interpreters,
    granted,
    optional: names.optional,
    retries: spec.failure.retries,
    environment,
    egress,
    known,
    inner: null,
    approvals: spec.approvals,
    outerGranted: granted,
    policyEngines: configuration.policyEngines ?? {},
    policies: [],
    units,
  };
  units.set(root, context);
  const graph = readList(list, { failed: false, previous: false }, context);
  const end: Place = { scope: list.scope, step: null, failed: true, previous: false };
  const approvals = readApprovals(pack, environment, configuration, reader, end, faults);
  const ownPolicies = readPolicies(pack, files, context.policyEngines, faults);
  const policies = sortBy([...ownPolicies, ...context.policies], ({ id }) => id);
  checkPackFields(pack, reader);
  const message = (text: string | null, at: string): string | null =>
    text === null ? null : (reader.json(text, at, end, FIELDS.runMessage).canonical as string);
  const concurrency = readConcurrency(pack, reader, end, known, faults);
  const { sandbox } = spec;
  const plan: Plan = {
    schema: 'taskrunner.plan.v1',
    pack: { ...packValue, contentDigest: ownDigest() },
    inputs: resolved.shown,
    secrets: sortBy(
      spec.secrets.map(({ name, scope, required }) => ({ name, scope, required })),
      ({ name }) => name,
    ),
    graph,
    approvals,
    policies,
    sandbox: {
      mode: sandbox.mode,
      sealedInstall:
        [...units.keys()].some((unit) => unit.read.pack.spec.sealedInstall) ||
        steps.some(({ step }) => step.sealedInstall),
      egressAllowlist: sandbox.egressAllowlist === null ? null : [...new Set(sandbox.egressAllowlist)].sort(),
      cpuMillicores: sandbox.cpuMillicores,
      memoryMiB: sandbox.memoryMiB,
      workspaceMiB: sandbox.workspaceMiB,
      maxProcesses: sandbox.maxProcesses,
      timeoutMs: sandbox.timeoutMs,
    },
    concurrency: concurrency.rule,
    timeouts: { runMs: spec.timeoutMs, cleanupMs: spec.cleanupTimeoutMs },
    outputs: sortBy(
      spec.outputs.map(({ name, type, value }, index) => {
        const at = `/spec/outputs/${index}/value`;
        const reading = reader.json(value, at, { ...end, failed: false }, FIELDS.outputs);
        const wanted = type === null ? null : typeOfValueType(type);
        if (wanted !== null && !reading.faulty && !reading.type.kinds.some((kind) => wanted.kinds.includes(kind))) {
          faults.add(
            'PLAN_OUTPUT_TYPE',
            at,
            `The output ${name} is declared as ${type}; its value is ${describeType(reading.type)}.`,
          );
        }
        return { name, type: type ?? 'any', value: reading.canonical };
      }),
      ({ name }) => name,
    ),
    messages: {
      success: message(spec.success.message, '/spec/success/message'),
      failure: message(spec.failure.message, '/spec/failure/message'),
    },
    executors: [...new Set(steps.flatMap(({ step: { body } }) => (body.kind === 'run' ? [body.uses] : [])))].sort(),
  };
  const knownIn = (unit: PackUnit): Known | null =>
    unit === root ? plan : ((units.get(unit)?.known ?? null) as unknown as Known | null);
  const guards = new GateGuards((gate) => alwaysApplies(knownIn(gate.list.scope.unit), gate.when));
  const ofUnit = byUnit(steps);
  for (const [unit, { inner: handed, reader }] of units) {
    const own = ofUnit.get(unit) ?? [];
    checkSeal(unit, own, environment);
    checkRetries(configuration.retries, unit.read.pack.spec.failure.retries, own, unit.faults);
    checkBundleRoots(own, environment, unit.faults);
    checkExports(own, environment, unit.faults);
    if (request.admitted !== true) checkPolicies(unit, own, reader, unit.faults);
    if (unreadable?.aboutSteps !== true) {
      checkReads(own, guards, unit.faults);
      checkGatedSecrets(own, guards, configuration, handed, unit.faults);
    }
    if (unreadable?.isWithin('/spec/approvals') !== true) checkOverrides(approvals, policies, own, handed, unit.faults);
  }
  if (faults.any || unreadable !== null) return { kind: 'refused', faults: faults.faults, warnings: faults.warnings };
  warnOfEffects(plan, steps, guards);
  const { planHash, receipt, text } = hashPlan(plan);
  const stated = statedDefaults(configuration.defaults, plan);
  const bare = indexPlan(plan, planHash, stated, environment);
  const silent = steps
    .filter(({ step, list: { scope } }) => step.retries === null && scope.unit.read.pack.spec.failure.retries === null)
    .map(placeOf);
  const retries = configuration.retries && retryDefaults(configuration.retries, silent, bare);
  const defaults = retries ? { ...stated, retries } : stated;
  const profile = profileOf(graph, environment, { ...configuration, defaults }, egress, names.secrets);
  return {
    kind: 'planned',
    plan,
    planHash,
    receipt,
    text,
    profile,
    profileDigest: digestOf(profile as unknown as Json),
    index: retries ? indexPlan(plan, planHash, defaults, environment) : bare,
    values: resolved.values,
    sensitive: resolved.sensitive,
    concurrency: concurrency.claim,
    workerLabels: workerLabels(bare),
    warnings: faults.warnings,
  };
}

function* everyStep(list: PlannedList): Iterable<PlannedStep> {
  for (const step of list.steps) {
    yield step;
    for (const inner of step.lists) yield* everyStep(inner);
  }
}

/** The defaults without what the plan does not use: profiles of packs without messages keep their digests. */
function statedDefaults(defaults: ProfileDefaults, { messages }: Plan): ProfileDefaults {
  const { messageCharacters: _unused, ...others } = defaults;
  return messages.success === null && messages.failure === null ? others : defaults;
}

/** A secret that is bound only for steps behind a gate is not available to the others. */
function checkGatedSecrets(
  steps: readonly PlannedStep[],
  guards: GateGuards,
  { secrets }: PlanRequest['configuration'],
  handed: InnerNames | null,
  faults: Faults,
): void {
  for (const planned of steps) {
    const gated = planned.secrets.filter(({ name }) => {
      const outer = secretNamed(name, handed);
      return outer !== null && Object.hasOwn(secrets, outer) && secrets[outer]?.requireGate === true;
    });
    if (gated.length === 0 || guards.guarding(planned).length > 0) continue;
    for (const { name, at } of gated)
      faults.add('SECRET_NOT_GRANTED', at, `The secret ${name} is not bound in this environment.`);
  }
}

/** The steps of each pack. */
function byUnit(steps: readonly PlannedStep[]): ReadonlyMap<PackUnit, readonly PlannedStep[]> {
  const found = new Map<PackUnit, PlannedStep[]>();
  for (const step of steps) {
    const { unit } = step.list.scope;
    const known = found.get(unit);
    if (known === undefined) found.set(unit, [step]);
    else known.push(step);
  }
  return found;
}

/** Requirements of any pack in the plan apply to the whole run. */
function checkSeal({ read, faults }: PackUnit, steps: readonly PlannedStep[], environment: Environment): void {
  if (environment.mode === 'sealed') return;
  const { sandbox, sealedInstall } = read.pack.spec;
  const step = steps.find((one) => one.step.sealedInstall);
  if (sealedInstall || step !== undefined) {
    faults.add(
      'SEALED_INSTALL_REQUIRED',
      step === undefined ? '/spec/sealedInstall' : `${step.step.at}/sealedInstall`,
      'The pack runs only in sealed environments; this environment is open.',
    );
  }
  if (sandbox.mode === 'sealed')
    faults.add(
      'SEALED_UNENFORCEABLE',
      '/spec/sandbox/mode',
      'The pack requires sealed steps; this environment does not seal steps.',
    );
}

function checkRetries(
  rule: RetryRule | undefined,
  ofPack: FailureRetries | null,
  steps: readonly PlannedStep[],
  faults: Faults,
): void {
  if (rule === undefined) return;
  if (ofPack !== null) checkRetryCap(rule, ofPack, '/spec/failure/retries', faults);
  for (const { step } of steps)
    if (step.retries !== null) checkRetryCap(rule, step.retries, `${step.at}/retries`, faults);
}

function warnOfEffects(plan: Plan, steps: readonly PlannedStep[], guards: GateGuards): void {
  const gates = steps.some(({ step: { body } }) => body.kind === 'gate' && body.gate.kind === 'approval');
  if (!gates) return;
  const { ungated, all } = effectsIn(plan);
  const acting = new Set(all);
  for (const planned of steps) {
    const { step } = planned;
    if (step.body.kind !== 'run') continue;
    const { faults } = planned.list.scope.unit;
    if (ungated.has(placeOf(planned)))
      faults.warn('EFFECTS_UNGATED', step.at, `${step.id} has effects, but there is no approval gate before it.`);
    else if (step.effects === null && acting.has(placeOf(planned)) && guards.guarding(planned).length > 0)
      faults.warn('EFFECTS_NOT_STATED', step.at, `${step.id} is behind a gate and does not state its effects.`);
  }
}
