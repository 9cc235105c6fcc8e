import { useQuery } from '@tanstack/react-query';
import { bodyOf } from '@taskrunner/client';
import { useServices } from './services';

/** The signed-in person, as the API identifies them. */
export function useMe() {
  const { client } = useServices();
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => bodyOf(client.api.GET('/api/me', { signal })),
    staleTime: 60_000,
  });
}

export type Me = NonNullable<ReturnType<typeof useMe>['data']>;

/** A right of the API. */
export type Scope = 'packs.read' | 'packs.run' | 'packs.approve' | 'packs.write' | 'packs.admin';

/** Whether the person has a right; undefined: not known yet. */
export function useHolds(scope: Scope): boolean | undefined {
  return useMe().data?.scopes.includes(scope);
}

/** Why something is not permitted without a right. */
export function lacks(scope: Scope): string {
  return `This needs the scope ${scope}, which your sign-in does not have. Ask the operator for it.`;
}
