import { Link } from '@tanstack/react-router';
import type { Run, RunWait } from '@taskrunner/client';

const MOST = 2;
const STUCK: Readonly<Record<string, string>> = {
  attention: 'a step needs attention',
  halted: 'its records were altered',
  blocked: 'its evidence is blocked',
  restore: 'a restore stopped it',
};

/** What a run waits for, with a way to a gate where one is open. */
export function Waits({ run }: { readonly run: Pick<Run, 'runId' | 'waits' | 'stuck'> }) {
  const { waits, stuck, runId } = run;
  if (stuck !== null)
    return (
      <span data-tone="bad" className="tinted">
        {STUCK[stuck] ?? stuck}
      </span>
    );
  if (waits.length === 0) return <span className="faint">–</span>;
  return (
    <span className="waits">
      {waits.slice(0, MOST).map((wait) => (
        <OneWait key={`${wait.kind} ${wait.id ?? ''}`} wait={wait} runId={runId} />
      ))}
      {waits.length > MOST ? <span className="faint">and {waits.length - MOST} more</span> : null}
    </span>
  );
}

function OneWait({ wait, runId }: { readonly wait: RunWait; readonly runId: string }) {
  // At a gate people decide: an approval, or the denial of a policy that they may override.
  if (!['approval', 'policy'].includes(wait.kind) || wait.id === null) return <span>{textOf(wait)}</span>;
  return (
    <Link to="/runs/$runId/gates/$gateId" params={{ runId, gateId: wait.id }}>
      {textOf(wait)}
    </Link>
  );
}

function textOf({ kind, id }: RunWait): string {
  return id === null ? kind : `${kind} ${id}`;
}
