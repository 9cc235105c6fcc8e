import { useQuery } from '@tanstack/react-query';
import { bodyOf } from '@taskrunner/client';
import { wholeList } from '../api/pages';
import { useHolds } from '../frame/me';
import { useServices } from '../frame/services';

/** The published packs that the tenant can see. The list of the API has no filter, so it is read to its end. */
export function usePublishedPacks() {
  const { client } = useServices();
  return useQuery({
    queryKey: ['packs'],
    enabled: useHolds('packs.read') === true,
    staleTime: 30_000,
    queryFn: ({ signal }) => wholeList((query) => bodyOf(client.api.GET('/api/packs', { params: { query }, signal }))),
  });
}
