import { digestOf, sha256 } from '../canonical/digest';
import { parseRule, intersect, type EgressRule } from '../egress/egress-rule';
import { parseTarget } from '../egress/authority';
import { describeType } from '../expression/static-type';
import type { NodeId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Pack } from '../pack/pack';
import { contentDigest } from '../pack/pack-digest';
import type { PackFiles } from '../pack/pack-files';
import { compilePolicy } from '../policy/compile-policy';
import { checkOverrides, checkReads, GateGuards } from './check-gates';
import { ExpressionReader, type Place } from './expression-reader';
import { Faults } from './faults';
import { FIELDS } from './field-rule';
import { hashPlan } from './hash-plan';
import type { Approval, Block, Plan, Policy, RunNode } from './plan';
import { indexPlan } from './plan-index';
import type { PlanConfiguration, Planning, PlanRequest } from './plan-request';
import { layOut, type PlannedList, type PlannedStep } from './planned-step';
import type { Environment, Profile } from './profile';
import { readList } from './read-steps';
import { resolveInputs, typeOfValueType } from './resolve-inputs';
import { alwaysApplies, effectsIn } from './ungated-effects';

/** Most steps of a manifest. */
const MAX_STEPS = 10_000;

/**
 * From a pack that was read to a plan: `resolve inputs → check expressions → normalise → hash` (language.md §7). Pure; never
 * throws for a pack or for inputs. The same pack content, inputs and policies give the same plan hash everywhere.
 */
export function buildPlan({ pack: read, files, inputs, environment, configuration, source }: PlanRequest): Planning {
  const { pack } = read;
  const { spec, metadata } = pack;
  const faults = new Faults(read.locate, source ?? null);
  const resolved = resolveInputs(pack, files, inputs, configuration.sensitiveInputs, faults);
  const granted = new Set(Object.keys(configuration.secrets));
  const names = {
    inputs: resolved.type,
    sensitive: new Set(spec.inputs.filter((input) => input.sensitive).map(({ name }) => name)),
    secrets: spec.secrets.map(({ name }) => name),
    granted,
  };
  const reader = new ExpressionReader(names, faults);
  const packValue = { name: metadata.name, version: metadata.version };
  const list = layOut(spec.steps);
  const steps = [...everyStep(list)];
  if (steps.length > MAX_STEPS)
    faults.add('PLAN_TOO_MANY_STEPS', '/spec/steps', `The pack has more than ${MAX_STEPS} steps.`);
  const graph = readList(
    list,
    { failed: false, previous: false },
    {
      reader,
      faults,
      files,
      interpreters: configuration.interpreters,
      granted,
      retries: spec.failure.retries,
      egress: egressOf(pack, environment, configuration, faults),
      known: resolved.sound ? { inputs: resolved.values, pack: packValue } : null,
    },
  );
  const end: Place = { scope: list.scope, step: null, failed: true, previous: false };
  const approvals = readApprovals(pack, environment, configuration, reader, end, faults);
  const policies = readPolicies(pack, files, faults);
  checkPackFields(pack, reader);
  const message = (text: string | null, at: string): string | null =>
    text === null ? null : (reader.json(text, at, end, FIELDS.runMessage).canonical as string);
  const { sandbox } = spec;
  const plan: Plan = {
    schema: 'taskrunner.plan.v1',
    pack: { ...packValue, contentDigest: contentDigest(pack, files) },
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
      sealedInstall: spec.sealedInstall || steps.some(({ step }) => step.sealedInstall),
      egressAllowlist: sandbox.egressAllowlist === null ? null : [...new Set(sandbox.egressAllowlist)].sort(),
      cpuMillicores: sandbox.cpuMillicores,
      memoryMiB: sandbox.memoryMiB,
      workspaceMiB: sandbox.workspaceMiB,
      maxProcesses: sandbox.maxProcesses,
      timeoutMs: sandbox.timeoutMs,
    },
    concurrency: readConcurrency(pack, reader, end, faults),
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
            `The output ${name} is declared ${type}; its value is ${describeType(reading.type)}.`,
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
  checkSeal(plan, steps, environment, faults);
  const guards = new GateGuards((gate) => alwaysApplies(plan, gate.when));
  checkReads(steps, guards, faults);
  checkOverrides(approvals, policies, steps, faults);
  if (faults.any) return { kind: 'refused', faults: faults.faults };
  warnOfEffects(plan, steps, guards, faults);
  const { planHash, receipt } = hashPlan(plan);
  const profile = profileOf(graph, environment, configuration, names.secrets);
  return {
    kind: 'planned',
    plan,
    planHash,
    receipt,
    profile,
    profileDigest: digestOf(profile as unknown as Json),
    index: indexPlan(plan, planHash, configuration.defaults, environment.approvals.floor),
    values: resolved.values,
    sensitive: resolved.sensitive,
    warnings: faults.warnings,
  };
}

function* everyStep(list: PlannedList): Iterable<PlannedStep> {
  for (const step of list.steps) {
    yield step;
    for (const inner of step.lists) yield* everyStep(inner);
  }
}

function sortBy<T>(values: readonly T[], key: (value: T) => string): readonly T[] {
  return [...values].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Where steps may go: what the pack and a sealed environment list; null: anywhere. */
function egressOf(
  pack: Pack,
  environment: Environment,
  configuration: PlanConfiguration,
  faults: Faults,
): readonly EgressRule[] | null {
  const written = pack.spec.sandbox.egressAllowlist;
  const own = written?.flatMap((text, index) => {
    const rule = parseRule(text);
    if (rule === null)
      faults.add('EGRESS_URL', `/spec/sandbox/egressAllowlist/${index}`, 'This names no destination.', {
        remediation: 'Write host, host:port, *.suffix or a URL.',
      });
    return rule === null ? [] : [rule];
  });
  const listed = environment.mode === 'sealed' ? configuration.egress : null;
  if (own === undefined) return listed;
  return listed === null ? own : intersect(own, listed);
}

function readApprovals(
  pack: Pack,
  environment: Environment,
  configuration: PlanConfiguration,
  reader: ExpressionReader,
  end: Place,
  faults: Faults,
): readonly Approval[] {
  const grants = [...configuration.grants, 'packs.approve'];
  const { floor } = environment.approvals;
  const approvals = pack.spec.approvals.map((approval, index): Approval => {
    const at = `/spec/approvals/${index}`;
    approval.grants.forEach((grant, place) => {
      if (grants.includes(grant)) return;
      const remediation = faults.guess(grant, grants, `Known are ${grants.join(', ')}.`);
      faults.add('GATE_GRANT_UNKNOWN', `${at}/grants/${place}`, `The grant ${grant} is not known here.`, {
        remediation,
      });
    });
    if (approval.expiresAfterMs !== null && approval.expiresAfterMs > floor.maxExpiresAfterMs) {
      faults.add(
        'GATE_EXPIRY_TOO_LONG',
        `${at}/expiresAfter`,
        `Here an approval expires within ${floor.maxExpiresAfterMs / 1_000} s.`,
      );
    }
    const reason =
      approval.reasonTemplate === null
        ? null
        : reader.json(approval.reasonTemplate, `${at}/reasonTemplate`, end, FIELDS.reason).canonical;
    return {
      id: approval.id,
      grants: [...new Set(approval.grants)].sort(),
      minApprovals: approval.minApprovals,
      expiresAfterMs: approval.expiresAfterMs,
      executeWithinMs: approval.executeWithinMs,
      allowSelfApproval: approval.allowSelfApproval,
      maxAuthAgeMs: approval.maxAuthAgeMs,
      reasonRequired: approval.reasonRequired,
      reasonTemplate: typeof reason === 'string' ? reason : null,
    };
  });
  return sortBy(approvals, ({ id }) => id);
}

function readPolicies(pack: Pack, files: PackFiles, faults: Faults): readonly Policy[] {
  const policies = pack.spec.policies.map(({ id, engine, level, source, path }, index): Policy => {
    const at = `/spec/policies/${index}/${source === null ? 'path' : 'source'}`;
    const bytes = path === null ? null : files.read(path);
    if (source === null && bytes === null) faults.add('PLAN_FILE_MISSING', at, `The pack has no file ${path ?? ''}.`);
    const text = source ?? (bytes === null ? '' : new TextDecoder().decode(bytes));
    const compiled = source === null && bytes === null ? null : compilePolicy({ engine, source: text });
    if (compiled?.kind === 'faults') {
      for (const { code, message, remediation, offset } of compiled.faults) {
        const before = text.slice(0, offset).split('\n');
        const where =
          code === 'POLICY_ENGINE_UNKNOWN'
            ? ''
            : ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} of the policy)`;
        const place = code === 'POLICY_ENGINE_UNKNOWN' ? `/spec/policies/${index}/engine` : at;
        faults.add(code, place, `${message}${where}.`, {
          remediation: `${remediation}.`,
          ...(source === null || where === '' ? {} : { offset, text: source }),
        });
      }
    }
    return { id, engine, level, source: text, digest: sha256(text) };
  });
  return sortBy(policies, ({ id }) => id);
}

function readConcurrency(pack: Pack, reader: ExpressionReader, end: Place, faults: Faults): Plan['concurrency'] {
  const { concurrency } = pack.spec;
  if (concurrency === null) return null;
  const at = '/spec/concurrency/group';
  const reading = reader.json(concurrency.group, at, { ...end, failed: false }, FIELDS.group);
  if (!reading.faulty && !reading.type.kinds.includes('string'))
    faults.add('PLAN_CONCURRENCY_GROUP', at, 'The group must be a text.');
  return { group: reading.canonical as string, onConflict: concurrency.onConflict };
}

/** Fields of a pack, outside its steps, in which no expression is read. */
function checkPackFields({ metadata, spec }: Pack, reader: ExpressionReader): void {
  const { tags, license, maintainers, annotations } = metadata;
  for (const [field, value] of Object.entries({ tags, license, maintainers, annotations }))
    reader.none(value as unknown as Json, `/metadata/${field}`);
  spec.inputs.forEach((input, index) => {
    reader.none(input.default, `/spec/inputs/${index}/default`);
    reader.none(input.enum, `/spec/inputs/${index}/enum`);
  });
  reader.none(spec.sandbox.egressAllowlist, '/spec/sandbox/egressAllowlist');
}

function checkSeal(plan: Plan, steps: readonly PlannedStep[], environment: Environment, faults: Faults): void {
  if (environment.mode === 'sealed') return;
  const { sandbox } = plan;
  if (sandbox.sealedInstall) {
    const step = steps.find((one) => one.step.sealedInstall);
    faults.add(
      'SEALED_INSTALL_REQUIRED',
      step === undefined ? '/spec/sealedInstall' : `${step.step.at}/sealedInstall`,
      'The pack installs in sealed environments only; this one is open.',
    );
  }
  if (sandbox.mode === 'sealed')
    faults.add(
      'SEALED_UNENFORCEABLE',
      '/spec/sandbox/mode',
      'The pack asks for sealed steps; this environment does not seal.',
    );
}

function warnOfEffects(plan: Plan, steps: readonly PlannedStep[], guards: GateGuards, faults: Faults): void {
  const gates = steps.some(({ step: { body } }) => body.kind === 'gate' && body.gate.kind === 'approval');
  if (!gates) return;
  const { ungated, all } = effectsIn(plan);
  const acting = new Set(all);
  for (const planned of steps) {
    const { step } = planned;
    if (step.body.kind !== 'run') continue;
    if (ungated.has(placeOf(planned)))
      faults.warn('EFFECTS_UNGATED', step.at, `${step.id} acts, and no approval gate stands before it.`);
    else if (step.effects === null && acting.has(placeOf(planned)) && guards.guarding(planned).length > 0)
      faults.warn('EFFECTS_NOT_STATED', step.at, `${step.id} stands behind a gate and does not state its effects.`);
  }
}

function placeOf(planned: PlannedStep): NodeId {
  const { owner } = planned.list.scope;
  return (owner === null ? planned.step.id : `${placeOf(owner)}::${planned.step.id}`) as NodeId;
}

function profileOf(
  graph: Block,
  environment: Environment,
  { defaults, secrets }: PlanConfiguration,
  asked: readonly string[],
): Profile {
  const egress = new Map<string, Profile['egress'][number]>();
  for (const { egress: urls } of runNodesIn(graph)) {
    for (const { url } of urls) {
      const target = parseTarget(url);
      if (target !== null) egress.set(`${target.host} ${target.port} ${target.scheme}`, { ...target, cidr: null });
    }
  }
  return {
    schema: 'taskrunner.profile.v1',
    environment: digestOf(environment as unknown as Json),
    defaults,
    egress: [...egress].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target),
    secrets: [...asked]
      .sort()
      .flatMap((name) => (Object.hasOwn(secrets, name) ? [{ name, provider: secrets[name] ?? '' }] : [])),
    images: {},
  };
}

/** Every run node below a block, in plan order. */
export function* runNodesIn(block: Block): Iterable<RunNode> {
  for (const node of block.nodes) {
    if (node.kind === 'run') yield node;
    else if (node.kind === 'conditional')
      for (const body of [...node.branches.map((branch) => branch.body), ...(node.otherwise ? [node.otherwise] : [])])
        yield* runNodesIn(body);
    else if (node.kind !== 'gate') yield* runNodesIn(node.body);
  }
}
