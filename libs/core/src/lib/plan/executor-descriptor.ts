import { typeOfSchema } from '../expression/schema-type';
import { objectType, type StaticType } from '../expression/static-type';
import type { Json, JsonObject } from '../foundation/json';
import type { Effects } from './plan';

/** JSON Schema (2020-12); `true` allows any value. */
export type ValueSchema = JsonObject | true;

/** One parameter of `with`. */
export interface Parameter {
  /** Schema of its value, as far as it is known before expressions are evaluated. */
  readonly schema: ValueSchema;
  readonly required?: true;
  /**
   * `verbatim`: its texts are never read for expressions. `plain`: `{{` in it is a fault. `response`: its expressions read
   * `response` alone, and the executor evaluates them. `argument`: no secret and no sensitive input may stand in it. `inside`: a secret
   * may be a part of its texts.
   */
  readonly reading?: 'verbatim' | 'plain' | 'response' | 'argument' | 'inside';
}

/** Source of the types of outputs: a schema, all parameters, or the value of one parameter if it is given. */
type OutputsRule =
  | { readonly from: 'schema'; readonly schema: ValueSchema }
  | { readonly from: 'parameters' }
  | { readonly from: 'parameter'; readonly parameter: string; readonly otherwise: ValueSchema };

/** A parameter whose value determines the effect class. Unlisted values are `once`. */
interface EffectsRule {
  readonly parameter: string;
  /** Its default. */
  readonly absent: string;
  /** Default class of a step, by value. */
  readonly usual: { readonly [value: string]: Effects };
  /** Loosest class that a step may state, by value. */
  readonly loosest: { readonly [value: string]: Effects };
}

/**
 * Describes an executor to planner, environment, verifier and worker. It is plain data, so that it passes into threads and stands in
 * documents.
 */
export interface ExecutorDescriptor {
  /** The value of `run.uses`: `builtin:<name>`, or `ext:<name>@<version>` for an executor of a platform team. */
  readonly uses: string;
  /** Behaviour version. A worker drives a run only if it has the version that the run was admitted with. */
  readonly behaviour: number;
  /** The loosest effect class that a step may state, and the default. */
  readonly effects: Effects;
  readonly effectsBy?: EffectsRule;
  /** Parameters by name; null: any parameters. */
  readonly parameters: { readonly [name: string]: Parameter } | null;
  /** Whether steps may declare outputs. The declared outputs are then the known ones. */
  readonly declares: boolean;
  readonly outputs: OutputsRule;
  /** True if it starts processes of the pack. A worker runs it only in a sandbox that its probe has shown to hold. */
  readonly sandboxed?: true;
  /** True if it is available only where the environment lists it, because its operator must configure something for it. */
  readonly configured?: true;
  /**
   * Required for an executor of a platform team to be available in sealed environments. It must not reach anything that `sealedMode.allow`
   * does not list.
   */
  readonly sealed?: true;
}

/** Types by schema, cached because a descriptor is read for each step that uses it. */
const types = new WeakMap<JsonObject, StaticType>();

/** The static type of a value that matches the schema. */
export function typeOf(schema: ValueSchema): StaticType {
  if (schema === true) return typeOfSchema(true);
  const known = types.get(schema);
  if (known !== undefined) return known;
  const type = typeOfSchema(schema);
  types.set(schema, type);
  return type;
}

/** The static type of a step's outputs for parameters of these types. */
export function outputsOf(
  { outputs }: ExecutorDescriptor,
  parameters: Readonly<Record<string, StaticType>>,
): StaticType {
  if (outputs.from === 'parameters') return objectType(parameters);
  if (outputs.from === 'schema') return typeOf(outputs.schema);
  return parameters[outputs.parameter] ?? typeOf(outputs.otherwise);
}

/** The default effect class of a step with these parameters, and the loosest one that it may state. */
export function effectsOf(
  { effects, effectsBy: rule }: ExecutorDescriptor,
  parameters: JsonObject,
): { readonly usual: Effects; readonly loosest: Effects } {
  if (rule === undefined) return { usual: effects, loosest: effects };
  const value: Json | undefined = Object.hasOwn(parameters, rule.parameter) ? parameters[rule.parameter] : rule.absent;
  const listed = (classes: EffectsRule['usual']): Effects =>
    typeof value === 'string' && Object.hasOwn(classes, value) ? (classes[value] ?? 'once') : 'once';
  return { usual: listed(rule.usual), loosest: listed(rule.loosest) };
}
