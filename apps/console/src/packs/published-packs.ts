import { useQuery } from '@tanstack/react-query';
import type { PublishedPack } from '@taskrunner/client';
import { wholeList } from '../api/whole-list';
import { useHolds } from '../frame/me';
import { useServices } from '../frame/services';

/** The published packs that the tenant can see. The list of the API has no filter, so it is read to its end. */
export function usePublishedPacks() {
  const { api } = useServices();
  return useQuery({
    queryKey: ['packs'],
    enabled: useHolds('packs.read') === true,
    staleTime: 30_000,
    queryFn: ({ signal }) => wholeList<PublishedPack>(api, 'packs', signal),
  });
}
