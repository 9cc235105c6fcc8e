import { Link } from '@tanstack/react-router';
import type { Run, RunGate } from '@taskrunner/client';
import { useState } from 'react';
import { Failed } from '../../frame/notice';
import { gateEnd, wasDecided } from './gate-facts';
import { GATES_OF_PAGE, useGatesOfRun } from './gates-of-run';

/** So many stand on the page at once; more are in a box that scrolls. */
const MOST_AT_ONCE = 8;

/**
 * The gates of a run that are over: how each ended, by whom and why, with a link to what people were shown. A run with many gates has pages
 * of them.
 */
export function GateList({ run }: { readonly run: Run }) {
  // The cursors of the pages up to this one, so that there is a way back.
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const query = useGatesOfRun(run, cursors.at(-1) ?? null);
  const gates = query.data;
  if (gates === undefined) return null;
  const decided = gates.items.filter(wasDecided);
  const { nextCursor } = gates;
  const hasPages = nextCursor !== null || cursors.length > 1;
  if (decided.length === 0 && !hasPages) return null;
  const first = (cursors.length - 1) * GATES_OF_PAGE + 1;
  return (
    <section className="decided" aria-label="Gates that are over">
      <ul
        className="plain"
        aria-label="Gates"
        // A box that scrolls is reached by the keyboard.
        {...(decided.length > MOST_AT_ONCE ? { tabIndex: 0, 'data-long': true } : {})}
      >
        {decided.map((gate) => (
          <DecidedGate key={gate.gateId} run={run} gate={gate} />
        ))}
      </ul>
      {query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : null}
      {hasPages ? (
        <nav className="pages" aria-label="Pages of gates">
          <span className="faint number" role="status">
            {decided.length === 0 ? 'None' : decided.length} of the gates {first.toLocaleString('en')} to{' '}
            {(first + gates.items.length - 1).toLocaleString('en')} {decided.length === 1 ? 'is' : 'are'} over
          </span>
          <span className="bar-space" />
          <button
            type="button"
            className="button"
            disabled={cursors.length === 1}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            Previous gates
          </button>
          <button
            type="button"
            className="button"
            disabled={nextCursor === null || query.isPlaceholderData}
            onClick={() => nextCursor !== null && setCursors([...cursors, nextCursor])}
          >
            Next gates
          </button>
        </nav>
      ) : null}
    </section>
  );
}

function DecidedGate({ run, gate }: { readonly run: Run; readonly gate: RunGate }) {
  const { gateId, label, policy } = gate;
  return (
    <li>
      Gate{' '}
      <Link to="/runs/$runId/gates/$gateId" params={{ runId: run.runId, gateId }} className="code">
        {gateId}
      </Link>
      {label === null ? null : <span className="faint"> {label}</span>}
      {policy === null ? '' : `, where policy ${policy.id} denied`}: {gateEnd(gate)}
    </li>
  );
}
