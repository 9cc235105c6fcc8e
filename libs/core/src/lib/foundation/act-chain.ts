import { isJsonObject, type Json } from './json';
import { isSubjectName, type Subject } from './principal';

/** Maximum number of nested actors in a token. */
export const MAX_ACTORS = 10;

/**
 * The actors that the claim `act` of a token names (RFC 8693 §4.1), the current one outermost and first; none if there is no claim. An
 * actor without `iss` is one of the token's issuer. Null if the claim cannot be read or names more than `MAX_ACTORS` actors. Such a token
 * must be refused, because an actor that is left out could be the relevant one.
 */
export function actChain(act: Json | undefined, issuer: string): readonly Subject[] | null {
  const actors: Subject[] = [];
  for (let at = act; at !== undefined; at = at['act']) {
    if (!isJsonObject(at) || actors.length === MAX_ACTORS) return null;
    const { iss = issuer, sub } = at;
    if (!isSubjectName(iss) || !isSubjectName(sub)) return null;
    actors.push({ iss, sub });
  }
  return actors;
}
