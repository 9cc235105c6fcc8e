import { Link } from '@tanstack/react-router';
import type { Run } from '@taskrunner/client';
import { gateEnd, wasDecided } from './gate-facts';
import { useGatesOfRun } from './gates-of-run';

/** The gates of a run that are over: how each ended, by whom and why, with a link to what people were shown. */
export function GateList({ run }: { readonly run: Run }) {
  const gates = useGatesOfRun(run);
  const decided = (gates?.items ?? []).filter(wasDecided);
  if (decided.length === 0) return null;
  return (
    <section className="decided" aria-label="Gates that are over">
      <ul className="plain">
        {decided.map((gate) => (
          <li key={gate.gateId}>
            Gate{' '}
            <Link to="/runs/$runId/gates/$gateId" params={{ runId: run.runId, gateId: gate.gateId }} className="code">
              {gate.gateId}
            </Link>{' '}
            {gate.label === null ? null : <span className="faint">{gate.label} </span>}
            {gateEnd(gate)}
          </li>
        ))}
      </ul>
      {gates?.nextCursor == null ? null : (
        <p className="faint">The run has more gates. Open them from the table of steps.</p>
      )}
    </section>
  );
}
