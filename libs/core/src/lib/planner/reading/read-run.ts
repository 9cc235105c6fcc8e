import { pointerTo } from '../../document/json-pointer';
import { typeOfSchema } from '../../expression/schema-type';
import { ANY_TYPE, NUMBER_TYPE, objectType, type StaticType } from '../../expression/static-type';
import type { Json, JsonObject } from '../../foundation/json';
import type { FailureRetries, Retries } from '../../pack/model/retries';
import type { EffectClass, RunBody } from '../../pack/model/pack-step';
import { normaliseParameters } from '../../pack/model/parameter-spellings';
import { BUILTIN_EXECUTORS } from '../../plan/builtin-executors';
import { effectsOf as effectsByRule, outputsOf, type ExecutorDescriptor } from '../../plan/executor-descriptor';
import { executorNamed, isUnlisted } from '../../plan/extension-executors';
import { checkEgress, type EgressLists } from './check-egress';
import type { Place } from '../context/field-reading';
import { usesPack } from '../../pack/inner-pack';
import type { Faults } from '../context/faults';
import { FIELDS } from '../context/field-rule';
import { fileKeyConflicts } from '../context/file-keys';
import type { Effects, Retries as PlanRetries, RunNode } from '../../plan/plan';
import type { PlannedStep } from '../context/planned-step';
import type { Environment } from '../../plan/profile';
import { readParameters, type ParameterContext } from './read-parameters';
import { readSchema, refined } from '../context/resolve-inputs';

/** Context for reading `run` steps. */
export interface RunContext extends ParameterContext {
  readonly granted: ReadonlySet<string>;
  /** Optional secrets. */
  readonly optional: ReadonlySet<string>;
  readonly retries: FailureRetries | null;
  /** Executors that `uses` may name here. */
  readonly environment: Pick<Environment, 'executors' | 'extensions'>;
  /** Permitted destinations of steps. */
  readonly egress: EgressLists;
}

const STRICTNESS: Readonly<Record<Effects, number>> = { pure: 0, idempotent: 1, once: 2 };
const ONE_ATTEMPT: Retries = {
  maxAttempts: 1,
  backoffMs: 0,
  factor: 2,
  maxBackoffMs: 300_000,
  jitter: true,
  on: null,
  attemptTimeoutMs: null,
};

type Common = Pick<RunNode, 'id' | 'name' | 'when' | 'needs' | 'stated' | 'runOn' | 'timeoutMs' | 'workers'>;

/** Reads a `run` step and sets the type of its outputs. */
export function readRun(
  planned: PlannedStep,
  body: RunBody,
  common: Common,
  place: Place,
  context: RunContext,
): RunNode {
  const { step } = planned;
  const at = `${step.at}/run`;
  const { reader, faults } = context;
  const executor = executorOf(body.uses, at, context);
  const parameters = readParameters(body, executor, at, place, context);
  const env = reader.json(body.env, `${at}/env`, place, FIELDS.env).canonical as Record<string, string>;
  const files = readFiles(body, at, place, context);
  const outputs = readOutputs(body, at, context);
  planned.outputs = outputsType(executor, parameters.types, outputs?.type ?? null);
  for (const [field, value] of Object.entries({
    egress: body.egress,
    artifacts: body.artifacts,
    approvals: body.approvals,
  }))
    reader.none(value as unknown as Json, `${at}/${field}`);
  checkSecrets(planned, body, at, context);
  checkEgress(body, at, context.egress, faults);
  const retries = step.retries ?? context.retries ?? ONE_ATTEMPT;
  // One literal with its members in order. A spread, and a copy to order it, would cost a fifth of the time for planning ten thousand
  // steps.
  return {
    artifacts: body.artifacts
      .map(({ name, path, mediaType, optional }) => ({ mediaType, name, optional, path }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    continueOnError: step.continueOnError ?? context.retries?.continueOnError ?? false,
    effects: effectsOf(step.effects, executor, step.at, body, faults),
    egress: body.egress
      .map(({ url, intent }) => ({ intent, url }))
      .sort((a, b) => (`${a.url} ${a.intent ?? ''}` < `${b.url} ${b.intent ?? ''}` ? -1 : 1)),
    env,
    files,
    id: common.id,
    kind: 'run',
    name: common.name,
    needs: common.needs,
    outputs: outputs?.schemas ?? null,
    retries: planRetries(retries),
    runOn: common.runOn,
    secrets: body.secrets
      .map((use) => ({
        env: use.kind === 'env' ? use.env : null,
        file: use.kind === 'file' ? use.file : null,
        name: use.name,
      }))
      .sort((a, b) =>
        `${a.name} ${a.env ?? ''} ${a.file ?? ''}` < `${b.name} ${b.env ?? ''} ${b.file ?? ''}` ? -1 : 1,
      ),
    stated: common.stated,
    timeoutMs: common.timeoutMs,
    tools: Object.fromEntries(
      Object.entries(body.tools).map(([name, digests]) => [name, [...new Set(digests)].sort()]),
    ),
    uses: body.uses,
    when: common.when,
    with: normaliseParameters(body.uses, parameters.canonical),
    workers: common.workers,
  };
}

function planRetries({
  maxAttempts,
  backoffMs,
  factor,
  maxBackoffMs,
  jitter,
  on,
  attemptTimeoutMs,
}: Retries): PlanRetries {
  return {
    attemptTimeoutMs,
    backoffMs,
    factor,
    jitter,
    maxAttempts,
    maxBackoffMs,
    on: on === null ? null : [...new Set(on)].sort(),
  };
}

/** The value at a path of `files`: an artifact, a file input, several of them, a pack file, or content. */
function readFiles(body: RunBody, at: string, place: Place, { reader, faults }: RunContext): JsonObject {
  const files: Record<string, Json> = {};
  for (const [path, value] of Object.entries(body.files)) {
    const below = pointerTo(`${at}/files`, path);
    const { canonical, type, faulty } = reader.json(value, below, place, FIELDS.files);
    files[path] = canonical;
    const plain = typeof value === 'string' && !value.includes('{{');
    const named = typeof value === 'object' && value !== null && !Array.isArray(value);
    const usable = plain
      ? value.startsWith('pack:')
      : named
        ? 'content' in value || 'digest' in value
        : type.kinds.some((kind) => kind === 'object' || kind === 'array' || kind === 'string');
    if (!faulty && !usable) faults.add('FILE_NOT_A_FILE', below, `The value at ${path} is not a file.`);
    else if (!faulty) checkKind(path, plain || named ? null : type.kinds, named && 'content' in value, below, faults);
  }
  for (const { path, other } of fileKeyConflicts(Object.keys(body.files)))
    faults.add('FILE_KEY_TAKEN', pointerTo(`${at}/files`, path), `${path} and ${other} are the same place.`);
  return files;
}

/** A list makes a folder, and only a tar is unpacked into one. The type of the value must match its key. */
function checkKind(
  path: string,
  kinds: readonly string[] | null,
  isContent: boolean,
  at: string,
  faults: Faults,
): void {
  const isFolder = path.endsWith('/');
  if (isFolder && isContent)
    faults.add('FILE_NOT_A_FILE', at, `content is a single file, but ${path} is a folder.`, {
      remediation: 'Remove the trailing slash.',
    });
  else if (!isFolder && kinds?.length === 1 && kinds[0] === 'array')
    faults.add('FILE_NOT_A_FILE', at, `A list of files makes a folder, but ${path} is a single file.`, {
      remediation: `Write ${path}/.`,
    });
}

/** The executor, or null with a fault. Only the checks of its parameters and outputs are then skipped. */
function executorOf(uses: string, at: string, { environment, faults }: RunContext): ExecutorDescriptor | null {
  const executor = executorNamed(uses, environment);
  const place = `${at}/uses`;
  const isMissing = executor === null ? uses.startsWith('ext:') : isUnlisted(executor, environment);
  if (isMissing)
    faults.add('EXECUTOR_UNAVAILABLE', place, `${uses} is not available in this environment.`, {
      remediation: `Executors of this environment: ${Object.keys(environment.executors).sort().join(', ')}. The operator configures them.`,
    });
  // The reason why a pack could not be opened was already reported.
  if (executor !== null || isMissing || usesPack(uses)) return executor;
  const known = BUILTIN_EXECUTORS.map((one) => one.uses);
  faults.add('EXECUTOR_UNKNOWN', place, `There is no executor ${uses}.`, {
    remediation: faults.guess(uses, known, `Known values: ${known.join(', ')}.`),
  });
  return null;
}

function outputsType(
  executor: ExecutorDescriptor | null,
  parameters: Readonly<Record<string, StaticType>>,
  declared: StaticType | null,
): StaticType {
  if (executor === null) return declared ?? ANY_TYPE;
  if (!executor.declares || declared === null) return outputsOf(executor, parameters);
  return objectType({ ...declared.fields, exitCode: NUMBER_TYPE });
}

function readOutputs(
  body: RunBody,
  at: string,
  { files, faults }: RunContext,
): { readonly schemas: JsonObject; readonly type: StaticType } | null {
  const declared = Object.entries(body.outputs);
  if (declared.length === 0) return null;
  const schemas: Record<string, Json> = {};
  const types: Record<string, StaticType> = {};
  for (const [name, { type, schema }] of declared) {
    const read =
      schema === null
        ? null
        : (readSchema(schema, `${pointerTo(`${at}/outputs`, name)}/schema`, files, faults)?.schema ?? null);
    types[name] = type === null ? typeOfSchema(read ?? undefined) : refined(type, read);
    schemas[name] = { ...(type === null || type === 'file' ? {} : { type }), ...read };
  }
  return { schemas, type: objectType(types) };
}

/** The secrets of a step, each under a name of its own and bound here. */
export function checkSecrets(planned: PlannedStep, body: RunBody, at: string, context: RunContext): void {
  const { granted, optional, faults } = context;
  const taken = new Set(Object.keys(body.env));
  body.secrets.forEach((use, index) => {
    const place = pointerTo(`${at}/secrets`, use.kind === 'inner' ? use.inner : index);
    // The inner pack's own steps state where the secret is used.
    if (use.kind !== 'inner') planned.secrets.push({ name: use.name, at: place });
    const target = use.kind === 'env' ? use.env : use.kind === 'file' ? `file ${use.file}` : `inner ${use.inner}`;
    if (taken.has(target)) {
      const remediation = 'Use a unique variable or file name for each secret.';
      faults.add('SECRET_USE', place, `${target} is already used.`, { remediation });
    }
    taken.add(target);
    if (granted.has(use.name) || optional.has(use.name)) return;
    faults.add('SECRET_NOT_GRANTED', place, `The secret ${use.name} is not bound in this environment.`);
  });
}

function effectsOf(
  stated: EffectClass | null,
  executor: ExecutorDescriptor | null,
  at: string,
  { uses, with: parameters }: RunBody,
  faults: Faults,
): Effects {
  if (executor === null) return stated ?? 'once';
  const { usual, loosest } = effectsByRule(executor, parameters);
  if (stated === null) return usual;
  if (STRICTNESS[stated] < STRICTNESS[loosest]) {
    const what = executor.effectsBy === undefined ? uses : `${uses} with this ${executor.effectsBy.parameter}`;
    faults.add('PLAN_EFFECTS_LOOSER', `${at}/effects`, `${what} is ${loosest}; a step cannot declare it as ${stated}.`);
  }
  return stated;
}
