import type { Schedule } from '@taskrunner/client';
import { Sign, type Look } from '../frame/mark';

const LOOKS: Readonly<Record<Schedule['status'], Look>> = {
  active: { tone: 'good', shape: 'play', word: 'Active' },
  paused: { tone: 'wait', shape: 'pause', word: 'Paused' },
  stopped: { tone: 'bad', shape: 'bang', word: 'Stopped' },
  over: { tone: 'quiet', shape: 'dash', word: 'Over' },
};

/** The state of a schedule as shape, colour and word. */
export function ScheduleMark({ status }: { readonly status: Schedule['status'] }) {
  return <Sign look={LOOKS[status]} />;
}

export function scheduleWord(status: Schedule['status']): string {
  return LOOKS[status].word;
}
