import { pointerTo } from '../../document/json-pointer';
import { ANY_TYPE, joinTypes, typeOfValue, type StaticType } from '../../expression/static-type';
import { isJsonArray, type Json, type JsonObject } from '../../foundation/json';
import type { PackFiles } from '../../pack/pack-files';
import type { RunBody } from '../../pack/model/pack-step';
import { typeOf, type ExecutorDescriptor, type Parameter } from '../../plan/executor-descriptor';
import { checkHttp } from './check-http';
import { checkParameterNames, checkParametersTogether, checkValue } from './check-parameters';
import type { ExpressionReader } from '../context/expression-reader';
import type { Place } from '../context/field-reading';
import type { Faults } from '../context/faults';
import { FIELDS, type FieldRule } from '../context/field-rule';
import { readSchema } from '../context/resolve-inputs';

/** Context for reading parameters. */
export interface ParameterContext {
  readonly reader: ExpressionReader;
  readonly faults: Faults;
  readonly files: PackFiles;
  readonly interpreters: readonly string[];
}

/** Parameters in canonical spelling, with their types. */
interface ReadParameters {
  readonly canonical: JsonObject;
  readonly types: Readonly<Record<string, StaticType>>;
}

/** Reads `with` against the executor's parameters; null: the executor is unknown, and so are its parameters. */
export function readParameters(
  body: RunBody,
  executor: ExecutorDescriptor | null,
  at: string,
  place: Place,
  context: ParameterContext,
): ReadParameters {
  const { reader, faults, files } = context;
  const where = `${at}/with`;
  if (executor !== null) checkParameterNames(body, executor, where, faults);
  const journaled = executor !== null && executor.effects === 'pure';
  const canonical: Record<string, Json> = {};
  const types: Record<string, StaticType> = {};
  for (const [name, value] of Object.entries(body.with)) {
    const below = pointerTo(where, name);
    if (name.includes('{{')) reader.none(name, below);
    const parameter =
      executor?.parameters !== undefined && executor.parameters !== null && Object.hasOwn(executor.parameters, name)
        ? executor.parameters[name]
        : undefined;
    if (body.uses === 'builtin:validate-schema' && name === 'schema') {
      const usable =
        typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value));
      if (!usable)
        faults.add('EXECUTOR_PARAMETER', below, 'This must be a schema, or the path of a schema in the pack.');
      canonical[name] = usable
        ? (readSchema(value as JsonObject | string, below, files, faults)?.schema ?? value)
        : value;
      continue;
    }
    if (parameter?.reading === 'verbatim' || parameter?.reading === 'plain') {
      if (parameter.reading === 'plain') reader.none(value, below);
      canonical[name] = value;
      types[name] = typeOfValue(value);
    } else {
      const rule = journaled ? FIELDS.journaledWith : ruleOf(parameter);
      const reading =
        name === 'command' && parameter?.reading === 'argument'
          ? readArguments(value, below, place, rule, reader)
          : reader.json(value, below, place, rule);
      canonical[name] = reading.canonical;
      types[name] = reading.type;
    }
    if (parameter === undefined) continue;
    const { schema } = parameter;
    if (schema !== true && schema['minItems'] === 1 && isJsonArray(value) && value.length === 0)
      faults.add('EXECUTOR_PARAMETER', below, `${name} must have at least one element.`);
    checkValue(value, types[name] ?? ANY_TYPE, typeOf(schema), below, faults);
  }
  if (executor !== null) checkParametersTogether(body, context.interpreters, where, faults);
  if (executor !== null && body.uses === 'builtin:http') checkHttp(body, where, faults);
  return { canonical, types };
}

function ruleOf(parameter: Parameter | undefined): FieldRule {
  if (parameter?.reading === 'response') return FIELDS.response;
  if (parameter?.reading === 'argument') return FIELDS.argument;
  return parameter?.reading === 'inside' ? FIELDS.withInside : FIELDS.with;
}

/**
 * argv[0] decides what runs, so its reads are checked against the gates as strictly as those of `when`. The same holds for an argv that is
 * one expression.
 */
function readArguments(
  value: Json,
  at: string,
  place: Place,
  rule: FieldRule,
  reader: ExpressionReader,
): { readonly canonical: Json; readonly type: StaticType } {
  if (!isJsonArray(value)) return reader.json(value, at, place, { ...rule, control: true });
  const parts = value.map((one, index) =>
    reader.json(one, pointerTo(at, index), place, index === 0 ? { ...rule, control: true } : rule),
  );
  const types = parts.map(({ type }) => type);
  return {
    canonical: parts.map(({ canonical }) => canonical),
    type: { kinds: ['array'], ...(types.length > 0 && { items: types.reduce(joinTypes) }) },
  };
}
