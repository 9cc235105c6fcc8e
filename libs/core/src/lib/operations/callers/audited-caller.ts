import type { JsonObject } from '../../foundation/json';
import type { Actor, Principal } from '../../foundation/principal';

/** The actors of a caller's token as records have them, outermost first. */
export function actorsOf({ actors }: Pick<Principal, 'actors'>): readonly Actor[] {
  return actors.map(({ iss, sub, kind }) => ({ iss, sub, kind }));
}

/** The caller in audit rows: the subject of the token and its actors. */
export function auditedCaller(principal: Pick<Principal, 'iss' | 'sub' | 'actors'>): JsonObject {
  const { iss, sub } = principal;
  return { person: { iss, sub }, actors: actorsOf(principal).map((actor) => ({ ...actor })) };
}
