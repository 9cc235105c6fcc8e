import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { bodyOf, type Gate, type RunGate } from '@taskrunner/client';
import { Failed } from '../frame/notice';
import { useServices } from '../frame/services';
import { Decisions } from './quorum';
import { ReadSection } from './reading/unshown';

/** The most that one page of the API has. */
const PAGE = 200;

/**
 * What policies denied at other gates of the run, and who overrode it: who decides about the change itself would otherwise not see it. The
 * server states it; the digest does not cover it.
 */
export function OverriddenBefore({ gate: { runId, gateId } }: { readonly gate: Gate }) {
  const query = useOverridden(runId);
  if (query.isError) {
    return (
      <ReadSection name="Denials that were overridden in this run">
        <Failed error={query.error} retry={() => void query.refetch()} />
      </ReadSection>
    );
  }
  const gates = query.data?.filter((one) => one.gateId !== gateId) ?? [];
  if (gates.length === 0) return null;
  return (
    <ReadSection name="Denials that were overridden in this run">
      {gates.map(({ gateId: other, policy, decisions }) => (
        <div key={other} className="verdict">
          <p>
            At gate{' '}
            <Link to="/runs/$runId/gates/$gateId" params={{ runId, gateId: other }} className="code">
              {other}
            </Link>
            , policy <span className="code">{policy?.id}</span> denied
            {policy === null || policy.reasons.length === 0 ? '.' : `: ${policy.reasons.join('; ')}`}
          </p>
          <Decisions decisions={decisions} isOverride />
        </div>
      ))}
      <p className="faint">The server states this now. The digest does not cover it.</p>
    </ReadSection>
  );
}

/** Gates whose denial people overrode. */
function useOverridden(runId: string): UseQueryResult<readonly RunGate[]> {
  const { client } = useServices();
  return useQuery<readonly RunGate[]>({
    queryKey: ['of-run', runId, 'overridden'],
    queryFn: async ({ signal }) => {
      const found: RunGate[] = [];
      let cursor: string | null = null;
      do {
        const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
        const params = { path: { runId }, query };
        const page: { readonly items: readonly RunGate[]; readonly nextCursor: string | null } = await bodyOf(
          client.api.GET('/api/runs/{runId}/gates', { params, signal }),
        );
        found.push(...page.items.filter(({ policy, status }) => policy !== null && status === 'approved'));
        cursor = page.nextCursor;
      } while (cursor !== null);
      return found;
    },
  });
}
