import type { Run } from '@taskrunner/client';
import { usePlan } from './plan';
import { readsOf } from './reads';
import { Value } from './value';

interface ReadsFacts {
  readonly run: Run;
  readonly step: string;
  readonly open: (step: string) => void;
}

/** What a step read: the inputs and steps that its parameters refer to, and the parameters. */
export function Reads({ run, step, open }: ReadsFacts) {
  const plan = usePlan(run.runId);
  const found = plan.data === undefined ? null : readsOf(plan.data.plan, step);
  if (found === null) return null;
  const { reads, parameters } = found;
  return (
    <>
      <h3>What it reads</h3>
      {reads.length === 0 ? null : (
        <dl className="reads">
          {reads.map((read) =>
            read.kind === 'input' ? (
              <div key={`input ${read.name}`}>
                <dt>input {read.name}</dt>
                <dd className="code">{shortValue(read.value)}</dd>
              </div>
            ) : (
              <div key={`${read.kind} ${read.id}`}>
                <dt>{read.kind}</dt>
                <dd>
                  <button type="button" className="link-button code" onClick={() => open(read.id)}>
                    {read.id}
                  </button>
                </dd>
              </div>
            ),
          )}
        </dl>
      )}
      <details>
        <summary>Parameters in the plan</summary>
        <Value value={parameters} label={`Parameters of ${step}`} />
      </details>
    </>
  );
}

const LONGEST = 200;

function shortValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}
