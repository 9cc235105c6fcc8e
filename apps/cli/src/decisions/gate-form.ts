import { digestOf } from '@taskrunner/core/canonical';
import { isJsonObject, type Digest, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { boundsOf } from '../packs/schema-bounds';
import { CliError } from '../terminal/cli-error';
import { safeLine } from '../terminal/safe-text';

/** A field of the form of a gate. */
export interface FormField {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly type: string | null;
  readonly isRequired: boolean;
  /** The values that are allowed; null: any of the type. */
  readonly values: readonly Json[] | null;
  /** Undefined: it has none. */
  readonly initial: Json | undefined;
  readonly schema: Json;
}

/**
 * The form whose digest the gate request names: as the server sent it, in the order of its author, or that of the plan, whose members are
 * sorted. `sent`: null from servers of earlier versions. Throws `CLI_GATE_DIGEST` if neither is that form.
 */
export function formIn(sent: JsonObject | null, plan: Json, formDigest: Digest): JsonObject {
  for (const form of sent === null ? formsIn(plan) : [sent]) if (digestOf(form) === formDigest) return form;
  throw new CliError(
    'CLI_GATE_DIGEST',
    'the server sent no form with the digest that the gate request names',
    'Do not decide. Contact the operator.',
  );
}

/** Also of gates in maps, loops and inner packs. */
function* formsIn(part: Json): Generator<JsonObject> {
  if (Array.isArray(part)) for (const one of part) yield* formsIn(one as Json);
  else if (isJsonObject(part)) {
    const form = part['form'] ?? null;
    if (part['kind'] === 'gate' && isJsonObject(form)) yield form;
    for (const member of Object.values(part)) yield* formsIn(member);
  }
}

/** The fields of a form in its order; empty: it is not an object whose members are declared. */
export function fieldsOf(form: JsonObject): readonly FormField[] {
  const { properties = null, required } = form;
  if (form['type'] !== 'object' || !isJsonObject(properties)) return [];
  const needed: readonly Json[] = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, schema]) => fieldOf(name, schema, needed.includes(name)));
}

function fieldOf(name: string, schema: Json, isRequired: boolean): FormField {
  const { title, description, type, enum: values, default: initial } = isJsonObject(schema) ? schema : {};
  return {
    name,
    title: typeof title === 'string' ? title : null,
    description: typeof description === 'string' ? description : null,
    type: typeof type === 'string' ? type : null,
    isRequired,
    values: Array.isArray(values) ? (values as readonly Json[]) : null,
    initial,
    schema,
  };
}

/** The form for an approver: a line for each field, with what it means below. Texts of the pack are escaped and indented. */
export function formLines(form: JsonObject): readonly string[] {
  const fields = fieldsOf(form);
  if (fields.length === 0) return ['form', safeLine(`  a value that matches the JSON Schema ${JSON.stringify(form)}`)];
  return [
    'form',
    ...fields.flatMap((field) => [
      safeLine(`  ${field.name}: ${factsOf(field)}`),
      ...[field.title, field.description].flatMap((text) =>
        text === null ? [] : text.split('\n').map((line) => safeLine(`    ${line}`)),
      ),
    ]),
  ];
}

/** Type, values, bounds and default of a field, on a line. */
export function factsOf({ type, isRequired, values, initial, schema }: FormField): string {
  return [
    ...(type === null ? [] : [type]),
    isRequired ? 'required' : 'optional',
    ...(values === null ? [] : [`one of ${values.map((value) => JSON.stringify(value)).join(', ')}`]),
    ...boundsOf(schema),
    ...(initial === undefined ? [] : [`default ${JSON.stringify(initial)}`]),
  ].join(', ');
}
