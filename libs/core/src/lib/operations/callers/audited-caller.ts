import type { JsonObject } from '../../foundation/json';
import type { Actor, Principal } from '../../foundation/principal';

/** The actors of a caller's token as records have them, outermost first. */
export function actorsOf({ actors }: Pick<Principal, 'actors'>): readonly Actor[] {
  return actors.map(({ iss, sub, kind }) => ({ iss, sub, kind }));
}

/** Who calls, as audit rows tell it: the subject of the token, and who acts for it. */
export function auditedCaller(principal: Pick<Principal, 'iss' | 'sub' | 'actors'>): JsonObject {
  const { iss, sub } = principal;
  return { person: { iss, sub }, actors: actorsOf(principal).map((actor) => ({ ...actor })) };
}
