import { Link } from '@tanstack/react-router';
import type { Gate, PlanChange, PlanDiff } from '@taskrunner/client';
import { shortRun } from '../frame/short';
import { fullText } from '../frame/time';

/** How the plan differs from the one that people approved last. */
export function Difference({ planDiff }: { readonly planDiff: Gate['planDiff'] }) {
  if (planDiff === null) return <p>No run of this pack has been approved before. Everything is new.</p>;
  const { against, approvedAt, approvedBy, diff, why } = planDiff;
  const before = (
    <>
      <Link to="/runs/$runId" params={{ runId: against }} className="code">
        {shortRun(against)}
      </Link>
      {approvedAt === null ? null : `, approved ${fullText(approvedAt)}`}
      {approvedBy.length === 0 ? null : ` by ${approvedBy.map(({ name, sub }) => name ?? sub).join(' and ')}`}
    </>
  );
  if (diff === null)
    return (
      <p className="tinted" data-tone="wait">
        The difference from run {before} is not known: <span className="code">{why}</span>. Compare the plans yourself.
      </p>
    );
  if (diff.same) return <p>The plan is the same as that of run {before}.</p>;
  return (
    <>
      <p>Since run {before}:</p>
      <Gates gates={diff.gates} />
      <ul className="plain changes">
        {diff.steps.map((step) => (
          <li key={step.id}>
            <span className="change" data-change={step.change}>
              {step.change}
            </span>{' '}
            <span className="code">{step.id}</span> <span className="faint">{step.kind}</span>
            <Changes changes={step.changes} />
          </li>
        ))}
        {Object.entries(diff.parts)
          .filter(([, changes]) => changes.length > 0)
          .map(([part, changes]) => (
            <li key={part}>
              <span className="change" data-change="changed">
                changed
              </span>{' '}
              <span className="code">{part}</span>
              <Changes changes={changes} />
            </li>
          ))}
      </ul>
    </>
  );
}

const GATES = {
  newlyUngated: 'Effects that no longer need an approval',
  newlyGated: 'Effects that now need an approval',
  removed: 'Gates that are gone',
  added: 'Gates that are new',
} as const;

function Gates({ gates }: { readonly gates: PlanDiff['gates'] }) {
  const names = (Object.keys(GATES) as (keyof typeof GATES)[]).filter((name) => gates[name].length > 0);
  return names.map((name) => (
    <p key={name} className="tinted" data-tone={name === 'newlyUngated' || name === 'removed' ? 'bad' : 'good'}>
      {GATES[name]}: <span className="code">{gates[name].join(', ')}</span>
    </p>
  ));
}

function Changes({ changes }: { readonly changes: readonly PlanChange[] }) {
  if (changes.length === 0) return null;
  return (
    <ul className="plain change-list">
      {changes.map(({ path, before, after }) => (
        <li key={path} className="code">
          <span className="faint">{path}</span> <del>{textOf(before)}</del> <ins>{textOf(after)}</ins>
        </li>
      ))}
    </ul>
  );
}

function textOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}
