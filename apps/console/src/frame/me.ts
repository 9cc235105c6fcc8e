import { useQuery } from '@tanstack/react-query';
import type { Me } from '../api/views';
import { useServices } from './services';

/** The signed-in person, as the API identifies them. */
export function useMe() {
  const { api } = useServices();
  return useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api.get<Me>('me', {}, signal), staleTime: 60_000 });
}
