import { answersAgree } from './check-answers';
import { found, type Checker } from './check';

const MOST_NAMED = 5;

/**
 * Answers agree, and so does what pure built-in steps came to. A bundle need not hold the large values that their parameters read, nor did
 * drafts of earlier releases hold the small ones; and a fault may be worded otherwise by another version. What is the worker's word then, the
 * check names.
 */
export const outcomesAgree: Checker = (bundle) => {
  const agreed = answersAgree(bundle);
  const { onWord } = bundle.answers();
  if (onWord.length === 0) return agreed;
  const more = onWord.length > MOST_NAMED ? `, and ${onWord.length - MOST_NAMED} more` : '';
  const named = `${onWord.slice(0, MOST_NAMED).join(', ')}${more}`;
  return found('signed', `${agreed.detail}; not derived again: ${named}`);
};
