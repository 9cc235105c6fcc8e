import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Run, Step } from '@taskrunner/client';
import { isOverride } from '../../approvals/decision/override';
import { Decisions } from '../../approvals/quorum';
import { useServices } from '../../frame/services';
import { useGatesOfRun } from './gates-of-run';

/** The gate of a step: its request, and who decided. Nothing of a gate at which nobody was asked. */
export function GateDetail({ run, step }: { readonly run: Run; readonly step: Step }) {
  const { client } = useServices();
  const listed = useGatesOfRun(run).data;
  const known = listed?.items.find(({ gateId }) => gateId === step.id);
  const isAsked =
    step.status === 'waiting' || (known === undefined ? listed?.nextCursor != null : known.gateDigest !== null);
  const gate = useQuery({
    queryKey: ['of-run', run.runId, 'gate', step.id],
    queryFn: ({ signal }) => client.gate(run.runId, step.id, { signal }),
    enabled: isAsked,
    retry: false,
  }).data;
  if (gate === undefined) return null;
  return (
    <>
      <p>
        <Link to="/runs/$runId/gates/$gateId" params={{ runId: run.runId, gateId: step.id }}>
          {gate.status === 'open' ? 'Open the request' : 'Show the request and the decisions'}
        </Link>
      </p>
      {gate.status === 'open' && gate.decisions.length === 0 ? null : (
        <Decisions decisions={gate.decisions} isOverride={isOverride(gate)} />
      )}
    </>
  );
}
