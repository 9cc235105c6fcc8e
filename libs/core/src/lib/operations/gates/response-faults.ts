import { faultAt, type Fault } from '../../foundation/fault';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import { nearestName } from '../../foundation/nearest-name';
import { compileSchema } from '../../schema/compile-schema';

/**
 * What is wrong with a response to the form of a gate; empty: nothing. Null: the form is no schema. A field that the form does not have is
 * named, with the nearest name that it has. The webservice and clients that check before they ask use it.
 */
export function responseFaults(form: Json, response: Json): readonly Fault[] | null {
  const schema = compileSchema(form);
  if (schema.kind === 'invalid') return null;
  return schema.findings(response).flatMap(({ pointer, message }) => {
    const strangers = message === NO_OTHERS ? strangersIn(form, response, pointer) : [];
    return strangers.length > 0
      ? strangers.map(({ name, nearest, known }) =>
          fault(
            pointer,
            `the form has no field ${name}`,
            nearest === null ? `Its fields are: ${known.join(', ')}.` : `Did you mean ${nearest}?`,
          ),
        )
      : [fault(pointer, message, 'Correct this part of the response.')];
  });
}

/** What the schema says of `additionalProperties: false`. */
const NO_OTHERS = 'must NOT have additional properties';

function fault(pointer: string, message: string, remediation: string): Fault {
  return faultAt('GATE_RESPONSE_INVALID', `/response${pointer}`, message, remediation);
}

interface Stranger {
  readonly name: string;
  readonly nearest: string | null;
  readonly known: readonly string[];
}

/** Of the form itself. A member of it may refer to another part of the schema, so its fields are not looked for. */
function strangersIn(form: Json, response: Json, pointer: string): readonly Stranger[] {
  const properties = isJsonObject(form) ? (form['properties'] ?? null) : null;
  if (pointer !== '' || !isJsonObject(properties) || !isJsonObject(response)) return [];
  const patterns = (form as JsonObject)['patternProperties'];
  if (patterns !== undefined) return [];
  const known = Object.keys(properties);
  return Object.keys(response)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => ({ name, nearest: nearestName(name, known), known }));
}
