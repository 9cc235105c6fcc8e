import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';

/** The names of the inputs in the order in which a manifest declares them. Never throws: what is no declaration is left out. */
export function declaredInputs(manifest: Json): readonly string[] {
  const spec = isJsonObject(manifest) ? (manifest['spec'] ?? null) : null;
  const inputs = isJsonObject(spec) ? spec['inputs'] : null;
  if (!Array.isArray(inputs)) return [];
  return (inputs as readonly Json[]).flatMap((one) =>
    isJsonObject(one) && typeof one['name'] === 'string' ? [one['name']] : [],
  );
}

/** Values by name in the order of `declared`. The members of a stored plan are sorted (RFC 8785). Other names follow, as they are. */
export function inDeclaredOrder(values: JsonObject, declared: readonly string[]): readonly (readonly [string, Json])[] {
  const places = new Map(declared.map((name, place) => [name, place]));
  const placeOf = (name: string): number => places.get(name) ?? declared.length;
  return Object.entries(values).sort(([one], [other]) => placeOf(one) - placeOf(other));
}
