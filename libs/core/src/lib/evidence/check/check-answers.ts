import type { Unanswered } from '../answers/answer-again';
import { fail } from './case';
import { found, type Checker } from './check';

/**
 * Every question that the run asked, the input of each policy and the files of each step, derived again from inputs, recorded outputs and the
 * plan, are as the journal says. What cannot be derived is counted and named.
 */
export const answersAgree: Checker = (bundle) => {
  const { differs, derived, unanswered } = bundle.answers();
  if (differs !== null) fail(differs);
  const count = [...derived.values()].reduce((sum, one) => sum + one, 0);
  if (count + unanswered.length === 0) return found('absent', 'nothing was asked');
  if (unanswered.length === 0) return found('recomputed', `${count} answered again`);
  return found('signed', `${count} answered again, ${unanswered.length} not: ${named(unanswered)}`);
};

const MOST_NAMED = 5;

/** What could not be answered, and what it lacks; the first few by name. */
function named(unanswered: readonly Unanswered[]): string {
  const shown = unanswered.slice(0, MOST_NAMED).map(({ asked, step, lacks }) => {
    const why = lacks === 'value' ? 'a value is not in the bundle' : 'the bundle of the original run was not given';
    return `${asked} of ${step || 'the run'} (${why})`;
  });
  const more = unanswered.length - shown.length;
  return more > 0 ? `${shown.join(', ')}, and ${more} more` : shown.join(', ');
}
