import { closed, digest, listOf, text, whole } from './shapes';

const verdictFields = {
  id: text,
  level: { type: 'string', enum: ['advisory', 'soft-mandatory', 'hard-mandatory'] },
  engine: text,
  digest: { ...digest, description: 'Digest of the policy source.' },
  result: {
    type: ['string', 'null'],
    enum: ['allow', 'deny', 'undecided', null],
    description: 'Null if the policy has not been evaluated yet. `undecided` counts as a denial.',
  },
  reasons: { ...listOf(text), description: 'Texts that the policy computed from values of the run.' },
  omittedReasons: { ...whole, description: 'Number of omitted reasons. Absent if no reason is omitted.' },
};
const verdict = closed(verdictFields, ['omittedReasons']);
/** The result of a policy, or null. */
export const maybeVerdict = { anyOf: [{ type: 'null' }, verdict] };
