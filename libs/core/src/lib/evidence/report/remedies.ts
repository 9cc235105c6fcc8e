import type { Check } from '../verify/check/check';

const COPY =
  'Get the bundle again from its source, and copy it in binary mode. This copy is damaged, or it was changed after it was sealed. If the ' +
  'check fails again, treat the bundle as altered.';
const TRUST =
  'The signature was not made by a key that the trust file trusts for this purpose. If the bundle was changed, get the bundle again from ' +
  'its source. If the trust file belongs to another installation, ask its issuer. Do not rely on the bundle until the cause is known.';
const KEYS =
  'A signing key is not valid for this purpose. Compare its entry in the trust file with the detail of the check, and ask the issuer of ' +
  'the trust file. Do not rely on the bundle.';
const FORGED =
  'The documents contradict each other. Do not rely on the bundle. Ask its sender which document was changed.';

/** Remedies for failed checks, by the name of the check. */
const REMEDIES: Readonly<Record<string, string>> = {
  'archive.safe': COPY,
  'manifest.signature': TRUST,
  'manifest.complete': COPY,
  'trust.current': 'Use a current trust file, with the highest serial that you have seen.',
  'trust.keys': KEYS,
  'time.basis':
    'This version creates no timestamps. Set "require.time" to "asserted" if you accept the times of the signers.',
  expectation: 'The bundle does not match your expectation. Get the bundle of the intended run.',
  'admission.signature': TRUST,
  'admission.agrees': FORGED,
  'pack.content': FORGED,
  'pack.signers':
    'The pack was not signed as the trust file requires. Check "require.packSigners" and the keys of usage "pack".',
  'plan.hash': FORGED,
  'profile.digest': FORGED,
  probes:
    'A worker started steps although its sandbox was not proven to isolate them. Ask the operator of the workers, and do not rely on the results of the steps.',
  'inputs.digest': FORGED,
  answers: FORGED,
  'journal.chain': FORGED,
  'journal.replay': FORGED,
  'logs.digest': FORGED,
  'gates.requests': FORGED,
  'decisions.signature': TRUST,
  'decisions.proof':
    'The proof of a decision is weaker than required. Check "require.proof", "issuers" and "approvers" of the trust file.',
  'decisions.people':
    'A gate was approved by people who were not allowed to approve it. Ask who approved the run, and why.',
  'decisions.time': FORGED,
  'effects.gated': 'A step ran without the required approval. Ask the operator of the workers.',
  'steps.reused': 'Pass the evidence of the original run with "--original FILE", and compare the two runs.',
  policies: FORGED,
  'egress.within': FORGED,
  'artifacts.index': FORGED,
  'artifacts.bytes': COPY,
  'statement.shape': FORGED,
  'statement.agrees': FORGED,
  'provenance.agrees': FORGED,
  checkpoints:
    'Pass stored checkpoints of the audit chain with "--checkpoints FILE". "--audit FILE" compares them with the chain. Without ' +
    'checkpoints, a run that was removed from the end of the chain cannot be detected; "require.checkpoints" false accepts that.',
  exceptions: FORGED,
};

/** Remedies for specific reasons, which are more precise than those by name. */
const BY_REASON: readonly (readonly [RegExp, string])[] = [
  [
    /^EVIDENCE_FILE_MISSING/,
    'The file is not a complete evidence bundle. Get the bundle again from its source. If the check fails again, treat the bundle as ' +
      'altered.',
  ],
  [
    /revoked as compromised/,
    'The signing key is compromised, so anyone may have made this signature. A newer trust file does not help. Do not rely on the ' +
      'bundle. Ask the operator for other proof of the run.',
  ],
  [
    /was retired before/,
    'The key signed after it was retired. A newer trust file does not help. Ask the operator who still used the key, and why.',
  ],
  [
    /does not sign for this tenant/,
    'The signing key is not allowed to sign for the tenant of this run. Compare the tenant with the one that you audit: the bundle or the ' +
      'trust file may belong to another tenant. Otherwise, do not rely on the bundle.',
  ],
  [
    /is not the key of this builder/,
    'The signing key is not allowed to sign for this builder, that is, for this kind of installation or mode. Do not rely on the bundle. ' +
      'Ask the operator which installation made it.',
  ],
  [
    /was not valid at/,
    'The document states a time outside the validity of the key. Compare "validFor" of the key in the trust file with the time of the run, ' +
      'and ask the operator.',
  ],
  [/^the statement is not about this manifest|^the manifest is not sorted/, COPY],
  [/development Authority/, 'To accept evidence of a development installation, add "--allow-dev".'],
  [/local Authority/, 'To accept evidence of a run without a server, add "--allow-local".'],
  [
    /^audit entry \d+: /,
    'The audit export of "--audit FILE" is not as it was written, so the bundle could not be compared with it. Check the export with ' +
      '"taskrunner audit verify", and get it again from its source.',
  ],
  [
    /^the audit export does not have the entry|^no audit entry (?:seals|records)/,
    'The export of "--audit FILE" ends before the run, or is of another chain. Export the chain of the tenant of this run again. If it still ' +
      'fails, entries were removed: ask the operator.',
  ],
  [/^ENVELOPE_UNTRUSTED/, TRUST],
];

/** The remedy for a failed check. */
export function remedyOf({ name, detail }: Pick<Check, 'name' | 'detail'>): string {
  // An unreadable document is a matter neither of trust nor of expectations.
  if (
    (REMEDIES[name] === TRUST || name === 'expectation') &&
    /^(?:EVIDENCE|ENVELOPE)_(?!UNTRUSTED|FILE_MISSING)|malformed/.test(detail)
  )
    return COPY;
  return BY_REASON.find(([pattern]) => pattern.test(detail))?.[1] ?? REMEDIES[name] ?? FORGED;
}

/** Names of the checks that have a remedy of their own. */
export const CHECKS_WITH_REMEDY: ReadonlySet<string> = new Set(Object.keys(REMEDIES));
