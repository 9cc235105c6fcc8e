import type { Me, Run } from '@taskrunner/client';

/** Why a person cannot cancel a run; null: they can, or it is not known yet. */
export function obstacleToCancel(
  { initiators, requester }: Pick<Run, 'initiators' | 'requester'>,
  me: Pick<Me, 'person' | 'scopes'> | undefined,
): string | null {
  if (me === undefined || me.scopes.includes('packs.admin')) return null;
  if (!me.scopes.includes('packs.run'))
    return 'This needs the scope packs.run, which your sign-in does not have. Ask the operator for it.';
  const isTheirs = initiators.some(({ iss, sub }) => iss === me.person.iss && sub === me.person.sub);
  return isTheirs
    ? null
    : `${requester.name} started this run. Who started it can cancel it, and administrators (packs.admin).`;
}
