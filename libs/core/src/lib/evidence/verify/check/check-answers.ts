import type { Unanswered } from '../answers/answer-again';
import { LARGE_VALUE_BYTES, largeValues } from '../answers/large-values';
import { fail, isDraft, type VerificationSession } from './verification-session';
import { found, type Checker } from './check';
import { misstatedSize } from './misstated-sizes';
import { unplannedFact } from './planned-facts';
import { strayAnswer } from './stray-answers';

/**
 * Recorded answers and outcomes of pure built-in steps agree with the derived ones. A bundle need not hold the large values that the steps'
 * parameters read, and drafts of earlier releases need not hold the small ones; and another version may word a fault differently. The check
 * names what only the worker asserts.
 */
export const answersAgree: Checker = (bundle) => {
  const agreed = questionsAgree(bundle);
  const { onWord } = bundle.answers();
  if (onWord.length === 0) return agreed;
  const more = onWord.length > MOST_NAMED ? `, and ${onWord.length - MOST_NAMED} more` : '';
  return found('signed', `${agreed.detail}; not recomputed: ${onWord.slice(0, MOST_NAMED).join(', ')}${more}`);
};

/**
 * The run's questions, the inputs of its policies and the files of its steps are derived again from inputs, recorded outputs and the plan,
 * and compared with the journal. Artifacts and pinned programs are compared with the plan. What cannot be derived is counted and named.
 */
const questionsAgree: Checker = (bundle) => {
  const { differs, derived, unanswered } = bundle.answers();
  if (differs !== null) fail(differs);
  const documents = bundle.documents();
  const unsound =
    unplannedFact(documents) ?? strayAnswer(documents.facts.entries) ?? misstatedSize(documents.evidence.pages);
  if (unsound !== null) fail(unsound);
  const count = [...derived.values()].reduce((sum, one) => sum + one, 0);
  if (count + unanswered.length === 0) return found('absent', 'no questions');
  if (unanswered.length === 0) return found('recomputed', `${count} recomputed`);
  const lacking = unanswered.filter(({ lacks }) => lacks === 'value');
  if (lacking.length > 0 && saysWhatItCarries(bundle)) {
    if (!mayLack(bundle)) fail(`not all answers can be recomputed: ${named(lacking)}`);
    if (bundle.request.trust.require.answers !== false)
      fail(
        `not all answers can be recomputed because the run refers to more large values than a bundle can contain: ${named(lacking)}; ` +
          'require.answers: false in the trust file accepts such runs',
      );
  }
  return found('signed', `${count} recomputed, ${unanswered.length} not: ${named(unanswered)}`);
};

/** True for a draft, and for a bundle of a version that contains the values that questions read. */
function saysWhatItCarries(bundle: VerificationSession): boolean {
  return isDraft(bundle) || bundle.packRun().statement.predicate.carried !== undefined;
}

/** True if the bundle may lack the values that it lacks: it must contain all small ones, and large ones up to a limit. */
function mayLack(bundle: VerificationSession): boolean {
  const { missing } = bundle.answers();
  const large = largeValues(bundle.documents().facts.entries);
  const size = [...large.values()].reduce((sum, one) => sum + one, 0);
  return size > LARGE_VALUE_BYTES && [...missing].every((digest) => large.has(digest));
}

const MOST_NAMED = 5;

const WHY: { readonly [Lacks in Unanswered['lacks']]: string } = {
  value: 'a value is not in the bundle',
  original: 'the bundle of the original run was not provided',
  rules: 'the run was admitted under older rules for JSON Schemas',
};

/** The unanswered questions with what they lack. Only the first few are named. */
function named(unanswered: readonly Unanswered[]): string {
  const shown = unanswered.slice(0, MOST_NAMED).map(({ asked, step, lacks }) => {
    const why = WHY[lacks];
    return `${asked} of ${step || 'the run'} (${why})`;
  });
  const more = unanswered.length - shown.length;
  return more > 0 ? `${shown.join(', ')}, and ${more} more` : shown.join(', ');
}
