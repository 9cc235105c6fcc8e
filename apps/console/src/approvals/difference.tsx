import { Link } from '@tanstack/react-router';
import type { Gate, PlanDiff } from '@taskrunner/client';
import type { Plan } from '@taskrunner/core/plan';
import { shortRun } from '../frame/short';
import { fullText } from '../frame/time';
import { EFFECTS } from '../run/planned/planned-step-view';
import { ChangedValues } from './changed-values';
import { differenceParts, type DifferenceParts } from './difference-parts';

interface DifferenceFacts {
  readonly planDiff: Gate['planDiff'];
  /** The plan of this run, whose hash was compared; null: it is not known. */
  readonly plan: Plan | null;
}

/** How the plan differs from the one that people approved last. */
export function Difference({ planDiff, plan }: DifferenceFacts) {
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
  const parts = differenceParts(diff, plan);
  return (
    <>
      <p>Since run {before}:</p>
      <Inputs inputs={parts.inputs} />
      <Steps steps={parts.steps} gates={diff.gates} />
      <Rest rest={parts.rest} />
      <Unchanged unchanged={parts.unchanged} />
    </>
  );
}

function Inputs({ inputs }: Pick<DifferenceParts, 'inputs'>) {
  return (
    <>
      <h3>Inputs</h3>
      {inputs.length === 0 ? <p className="faint">No input differs.</p> : <ChangedValues changes={inputs} />}
    </>
  );
}

function Steps({ steps, gates }: Pick<DifferenceParts, 'steps'> & { readonly gates: PlanDiff['gates'] }) {
  return (
    <>
      <h3>Steps</h3>
      <Gates gates={gates} />
      {steps.length === 0 ? <p className="faint">No step differs.</p> : null}
      <ul className="plain changes">
        {steps.map(({ id, kind, change, from, does, changes }) => (
          <li key={id}>
            <span className="change" data-change={change}>
              {change}
            </span>{' '}
            <span className="code">{id}</span>{' '}
            <span className="faint">
              {kind}
              {from === null || from === id ? '' : `, was ${from}`}
            </span>
            {does === undefined ? null : (
              <p className="change-does">
                <span className="code">{does.uses}</span>{' '}
                <span className="tinted" data-tone={does.effects === 'pure' ? 'quiet' : 'wait'}>
                  effects: {EFFECTS[does.effects]}
                </span>
              </p>
            )}
            <ChangedValues changes={changes} />
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

function Rest({ rest }: Pick<DifferenceParts, 'rest'>) {
  return rest.map(({ title, changes }) => (
    <div key={title}>
      <h3>{title}</h3>
      <ChangedValues changes={changes} />
    </div>
  ));
}

/** Folded: what is equal in both plans. */
function Unchanged({ unchanged }: Pick<DifferenceParts, 'unchanged'>) {
  if (unchanged === null) return null;
  const { inputs, steps, parts } = unchanged;
  const counts = [counted(inputs, 'input'), counted(steps, 'step'), counted(parts, 'other part')].filter(Boolean);
  if (counts.length === 0) return null;
  return (
    <details>
      <summary>Unchanged: {counts.join(', ')}</summary>
      <Equal title="Inputs" names={inputs} />
      <Equal title="Steps" names={steps} />
      <Equal title="Other parts" names={parts} />
    </details>
  );
}

function counted({ length }: readonly string[], one: string): string {
  return length === 0 ? '' : length === 1 ? `1 ${one}` : `${length} ${one}s`;
}

function Equal({ title, names }: { readonly title: string; readonly names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p>
      {title}: <span className="code">{names.join(', ')}</span>
    </p>
  );
}
