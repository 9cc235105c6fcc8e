import type { Step } from '@taskrunner/client';
import { Mark } from '../../frame/mark';
import { Elapsed } from '../../frame/moment';

/** Steps that contain others. */
const CONTAINERS: ReadonlySet<string> = new Set(['map', 'item', 'loop', 'pack', 'group', 'parallel', 'conditional']);

export function isContainer({ kind }: Pick<Step, 'kind'>): boolean {
  return CONTAINERS.has(kind);
}

interface RowFacts {
  readonly step: Step;
  /** Its number among the rows of the table; the head is the first. */
  readonly row: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly select: () => void;
  readonly enter: (() => void) | null;
}

/** A step in the table of steps. */
export function StepRow({ step, row, top, isSelected, select, enter }: RowFacts) {
  return (
    <div
      role="row"
      aria-rowindex={row}
      aria-selected={isSelected}
      className="step-row"
      style={{ transform: `translateY(${top}px)` }}
      onClick={select}
    >
      <span role="cell">
        <Mark status={step.status} />
      </span>
      <span role="cell" className="step-name">
        <button type="button" className="link-button code" onClick={select}>
          {step.id}
        </button>
        {step.label === null ? null : <span className="faint">{step.label}</span>}
      </span>
      <span role="cell" className="faint">
        <span className={enter === null ? undefined : 'step-kind'}>{step.kind}</span>
        {enter === null ? null : (
          <button
            type="button"
            className="link-button"
            onClick={(event) => {
              event.stopPropagation();
              enter();
            }}
          >
            {childrenText(step.children)}
          </button>
        )}
      </span>
      <span role="cell" className="number">
        {step.attempts === 0 ? '' : step.attempts}
      </span>
      <span role="cell" className="number">
        <Elapsed from={step.startedAt} to={step.finishedAt} />
      </span>
    </div>
  );
}

function childrenText(count: number | null): string {
  return count === null ? 'steps' : `${count.toLocaleString('en')} ${count === 1 ? 'item' : 'items'}`;
}
