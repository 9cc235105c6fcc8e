import type { RunStatus, StepStatus } from '@taskrunner/client';

/** Appearance of a state: a colour, a shape and a word, so that no state is distinguished by colour alone. */
export interface Look {
  readonly tone: 'quiet' | 'active' | 'wait' | 'good' | 'bad';
  readonly shape: 'ring' | 'play' | 'pause' | 'check' | 'cross' | 'slash' | 'bang' | 'again' | 'dash';
  readonly word: string;
}

/** `not_reached`: a part of the plan that an ended run did not reach. */
export type Shown = RunStatus | StepStatus | 'not_reached';

const LOOKS: Readonly<Record<Shown, Look>> = {
  not_reached: { tone: 'quiet', shape: 'dash', word: 'Not reached' },
  queued: { tone: 'quiet', shape: 'ring', word: 'Queued' },
  pending: { tone: 'quiet', shape: 'ring', word: 'Pending' },
  running: { tone: 'active', shape: 'play', word: 'Running' },
  waiting: { tone: 'wait', shape: 'pause', word: 'Waiting' },
  retrying: { tone: 'wait', shape: 'again', word: 'Retrying' },
  needs_attention: { tone: 'bad', shape: 'bang', word: 'Needs attention' },
  cancelling: { tone: 'wait', shape: 'slash', word: 'Cancelling' },
  halted: { tone: 'bad', shape: 'bang', word: 'Halted' },
  succeeded: { tone: 'good', shape: 'check', word: 'Succeeded' },
  failed: { tone: 'bad', shape: 'cross', word: 'Failed' },
  cancelled: { tone: 'quiet', shape: 'slash', word: 'Cancelled' },
  skipped: { tone: 'quiet', shape: 'slash', word: 'Skipped' },
};

const PATHS: Readonly<Record<Look['shape'], string>> = {
  ring: 'M8 2.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 0 1 0-10.5z',
  play: 'M5 3.2v9.6l7.6-4.8z',
  pause: 'M5.4 3.2v9.6M10.6 3.2v9.6',
  check: 'M3 8.6l3.3 3.3L13 4.8',
  cross: 'M4 4l8 8M12 4l-8 8',
  slash: 'M8 2.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 0 1 0-10.5zM4.5 11.5l7-7',
  bang: 'M8 2.6v6.6M8 12.4v.6',
  dash: 'M4.5 8h7',
  again: 'M12.6 8a4.6 4.6 0 1 1-1.5-3.4M12.7 2.4v3h-3',
};

/** The word for a state. */
export function wordOf(status: Shown): string {
  return LOOKS[status].word;
}

/** A state as shape, colour and word. `bare`: the word is only for screen readers, because a column or heading already shows it. */
export function Mark({ status, bare = false }: { readonly status: Shown; readonly bare?: boolean }) {
  return <Sign look={LOOKS[status]} bare={bare} />;
}

/** Any state as shape, colour and word. */
export function Sign({ look: { tone, shape, word }, bare = false }: { readonly look: Look; readonly bare?: boolean }) {
  return (
    <span className="mark" data-tone={tone}>
      <svg viewBox="0 0 16 16" aria-hidden="true" className="mark-shape" data-filled={shape === 'play'}>
        <path d={PATHS[shape]} />
      </svg>
      <span className={bare ? 'unseen' : 'mark-word'}>{word}</span>
    </span>
  );
}
