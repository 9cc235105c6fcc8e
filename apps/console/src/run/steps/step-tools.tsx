import type { Run, StepStatus } from '@taskrunner/client';
import { STEP_STATUSES } from '../../api/statuses';
import { Mark } from '../../frame/mark';
import { mapAround, type RunSearch } from '../run-view';

interface ToolFacts {
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
}

/** The statuses that there are, with their counts. */
export function StatusFilter({ counts, search, change }: ToolFacts & { readonly counts: Run['steps'] }) {
  const shown = STEP_STATUSES.filter((status) => counts[status] > 0 || search.status === status);
  const set = (status: StepStatus | null): void => {
    const { status: _, ...rest } = search;
    change(status === null ? rest : { ...rest, status });
  };
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      <button type="button" className="chip" aria-pressed={search.status === undefined} onClick={() => set(null)}>
        All <span className="number">{counts.total.toLocaleString('en')}</span>
      </button>
      {shown.map((status) => (
        <button
          key={status}
          type="button"
          className="chip"
          aria-pressed={search.status === status}
          onClick={() => set(search.status === status ? null : status)}
        >
          <Mark status={status} /> <span className="number">{counts[status].toLocaleString('en')}</span>
        </button>
      ))}
    </div>
  );
}

/** The way back out of a map. */
export function Trail({ search, change }: ToolFacts) {
  const { parent = '', status: _, ...top } = search;
  return (
    <nav className="trail" aria-label="Place in the run">
      <button type="button" className="link-button" onClick={() => change(top)}>
        All steps
      </button>
      {mapAround(parent).map((step) => (
        <span key={step} className="trail">
          <span aria-hidden="true">›</span>
          <button type="button" className="link-button code" onClick={() => change({ ...top, parent: step })}>
            {step}
          </button>
        </span>
      ))}
      <span aria-hidden="true">›</span>
      <span className="code" aria-current="location">
        {parent}
      </span>
    </nav>
  );
}
