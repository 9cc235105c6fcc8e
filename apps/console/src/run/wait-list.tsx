import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Gate, Run, RunWait } from '@taskrunner/client';
import { Elapsed, Moment } from '../frame/moment';
import { useServices } from '../frame/services';
import { waitText } from '../runs/wait-text';
import { gateText } from './gates/gate-facts';

/** So many gates are read to say who can decide; of others the kind is said. */
const ASKED = 5;

interface WaitFacts {
  readonly run: Run;
  readonly open: (step: string) => void;
}

/** What a run waits for, since when, and who can end that. */
export function WaitList({ run, open }: WaitFacts) {
  if (run.waits.length === 0) return null;
  return (
    <section className="waiting" aria-label="What the run waits for">
      <ul className="plain">
        {run.waits.map((wait, index) => (
          <OneWait key={`${wait.kind} ${wait.id ?? ''}`} {...{ run, wait, open }} isAsked={index < ASKED} />
        ))}
      </ul>
    </section>
  );
}

function OneWait({ run, wait, open, isAsked }: WaitFacts & { readonly wait: RunWait; readonly isAsked: boolean }) {
  const { kind, id, since, until } = wait;
  const isGate = (kind === 'approval' || kind === 'policy') && id !== null;
  const gate = useGate(run, isGate && isAsked ? id : null);
  const { what, who } = waitText(wait);
  return (
    <li>
      <strong>{what}</strong>
      {since === null ? null : (
        <>
          , for <Elapsed from={since} to={null} />
        </>
      )}
      {until === null ? null : (
        <>
          , {kind === 'retry' || kind === 'delay' ? 'begins' : 'ends'} <Moment at={until} />
        </>
      )}
      . <span className="faint">{gate === undefined ? who : gateText(gate)}</span>{' '}
      {isGate ? (
        <Link to="/runs/$runId/gates/$gateId" params={{ runId: run.runId, gateId: id }}>
          Open the request
        </Link>
      ) : id === null || kind === 'concurrency' ? null : (
        <button type="button" className="link-button" onClick={() => open(id)}>
          Show the step
        </button>
      )}
    </li>
  );
}

function useGate(run: Run, gate: string | null): Gate | undefined {
  const { client } = useServices();
  return useQuery({
    queryKey: ['of-run', run.runId, 'gate', gate],
    queryFn: ({ signal }) => client.gate(run.runId, gate ?? '', { signal }),
    enabled: gate !== null,
  }).data;
}
