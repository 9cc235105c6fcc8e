import type { Run, StepStatus } from '@taskrunner/client';
import { wordOf } from '../frame/mark';

const PARTS: readonly (readonly [StepStatus, string])[] = [
  ['failed', 'bad'],
  ['needs_attention', 'bad'],
  ['succeeded', 'good'],
  ['running', 'active'],
  ['waiting', 'wait'],
  ['retrying', 'wait'],
  ['skipped', 'quiet'],
  ['cancelled', 'quiet'],
];
const WIDTH = 100;
/** So that one failure among 100 000 items can be seen. */
const LEAST = 2;

type Counts = Run['steps'];

/** The steps of a run as a bar of their states, with the counts as text. */
export function Progress({ steps }: { readonly steps: Counts }) {
  const ended = steps.succeeded + steps.failed + steps.skipped + steps.cancelled;
  return (
    <span className="progress">
      <StateStrip steps={steps} />
      <span className="number">
        {ended.toLocaleString('en')}/{steps.total.toLocaleString('en')}
      </span>
    </span>
  );
}

/** A bar of states. What has no steps is not in it, and what has few is wide enough to be seen. */
export function StateStrip({ steps }: { readonly steps: Counts }) {
  const title = stateText(steps);
  let at = 0;
  return (
    <svg viewBox={`0 0 ${WIDTH} 6`} preserveAspectRatio="none" role="img" aria-label={title} className="progress-bar">
      <title>{title}</title>
      <rect width={WIDTH} height="6" className="progress-rest" />
      {shares(steps).map(([status, tone, width]) => {
        const x = at;
        at += width;
        return <rect key={status} x={x} width={width} height="6" data-tone={tone} className="progress-part" />;
      })}
    </svg>
  );
}

/** `3 failed, 97 succeeded`. */
function stateText(steps: Counts): string {
  const shown = PARTS.filter(([status]) => steps[status] > 0);
  const texts = shown.map(([status]) => `${steps[status].toLocaleString('en')} ${wordOf(status).toLowerCase()}`);
  return texts.length === 0 ? 'No step has begun' : texts.join(', ');
}

function shares(steps: Counts): readonly (readonly [StepStatus, string, number])[] {
  const present = PARTS.filter(([status]) => steps[status] > 0);
  const widths = present.map(([status]) => Math.max(LEAST, (steps[status] / Math.max(1, steps.total)) * WIDTH));
  const sum = widths.reduce((total, width) => total + width, 0);
  const scale = Math.min(1, WIDTH / Math.max(1, sum));
  return present.map(([status, tone], index) => [status, tone, (widths[index] ?? 0) * scale]);
}
