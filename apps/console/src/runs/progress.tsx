import type { Run, StepStatus } from '../api/views';
import { wordOf } from '../frame/mark';

const PARTS: readonly (readonly [StepStatus, string])[] = [
  ['succeeded', 'good'],
  ['failed', 'bad'],
  ['needs_attention', 'bad'],
  ['running', 'active'],
  ['waiting', 'wait'],
  ['retrying', 'wait'],
  ['skipped', 'quiet'],
  ['cancelled', 'quiet'],
];
const WIDTH = 100;

/** The steps of a run as a bar of their states, with the counts as text. */
export function Progress({ steps }: { readonly steps: Run['steps'] }) {
  const { total } = steps;
  const ended = steps.succeeded + steps.failed + steps.skipped + steps.cancelled;
  const shown = PARTS.filter(([status]) => steps[status] > 0);
  let at = 0;
  const title = shown.map(([status]) => `${steps[status]} ${wordOf(status).toLowerCase()}`).join(', ');
  return (
    <span className="progress" title={title === '' ? 'No step has begun' : title}>
      <svg viewBox={`0 0 ${WIDTH} 6`} preserveAspectRatio="none" aria-hidden="true" className="progress-bar">
        <rect width={WIDTH} height="6" className="progress-rest" />
        {shown.map(([status, tone]) => {
          const x = at;
          const width = (steps[status] / Math.max(1, total)) * WIDTH;
          at += width;
          return <rect key={status} x={x} width={width} height="6" data-tone={tone} className="progress-part" />;
        })}
      </svg>
      <span className="number">
        {ended}/{total}
      </span>
    </span>
  );
}
