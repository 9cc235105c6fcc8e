import type { Check, CheckName } from '../verify/check/check';

/**
 * What only the keys of the services prove in a bundle that passes, and what whoever holds these keys can state. It belongs to the verdict:
 * a reader who stops there must not take a statement of the webservice for one of the person. Null: no signature was checked, or the
 * signatures do not hold.
 */
export function serviceCaveat(checks: readonly Check[]): string | null {
  const held = (name: CheckName): Check | undefined => checks.find((one) => one.name === name && one.ok);
  if (held('admission.signature') === undefined) return null;
  const proof = held('decisions.proof');
  if (proof === undefined) return null;
  if (proof.basis !== 'signed')
    return (
      'The key of the webservice alone proves who started the run. ' +
      'Whoever holds that key can state another person, and all checks would still hold.'
    );
  return (
    'The keys of the webservice alone prove who started the run, and each decision with the proof "service": that a person made it, when and why. ' +
    'Whoever holds these keys can state other people, decisions, reasons and times, and all checks would still hold.'
  );
}
