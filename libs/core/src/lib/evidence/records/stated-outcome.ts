import type { ResolutionOutcome } from './documents';

const SAID: Readonly<Record<ResolutionOutcome, string>> = {
  succeeded: 'stated that it succeeded',
  failed: 'stated that it failed',
  retry: 'had it executed again',
};

/** What a person recorded about a step whose outcome was unknown, because its worker was lost. */
export function statedOutcome(outcome: ResolutionOutcome): string {
  return SAID[outcome];
}
