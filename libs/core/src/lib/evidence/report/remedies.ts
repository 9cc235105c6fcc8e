import type { Check } from '../check/check';

const COPY =
  'Get the bundle again from the party that gave it to you, and copy it as binary. This one is damaged or was changed after it was ' +
  'sealed. If it fails again, treat it as altered.';
const TRUST =
  'No key that the trust file trusts for this made the signature. Either the bundle was changed: Get the bundle again from the party ' +
  'that gave it to you. Or the trust file is not the one for this installation: ask the party that gave you the trust file. Until one ' +
  'of them is settled, do not rely on the bundle.';
const KEYS =
  'A key that signed may not stand for this. Compare its entry in the trust file with what the detail says, and ask the party that ' +
  'gave you the trust file. Do not rely on the bundle.';
const FORGED =
  'The documents contradict each other. Do not rely on the bundle; ask its sender which of them was changed.';

/** What to do about a check that fails, by its name. */
const REMEDIES: Readonly<Record<string, string>> = {
  'archive.safe': COPY,
  'manifest.signature': TRUST,
  'manifest.complete': COPY,
  'trust.current': 'Use a trust file that is in force, with the highest serial that you have seen.',
  'trust.keys': KEYS,
  'time.basis':
    'This version makes no timestamps. Set "require.time" to "asserted" if you accept the times of the signers.',
  expectation: 'The bundle is about something else than you asked for. Ask for the bundle of the run that you mean.',
  'admission.signature': TRUST,
  'admission.agrees': FORGED,
  'pack.content': FORGED,
  'pack.signers':
    'The pack was not signed as the trust file requires. Check "require.packSigners" and the keys of usage "pack".',
  'plan.hash': FORGED,
  'profile.digest': FORGED,
  probes:
    'A worker whose sandbox was not shown to hold started steps. Ask who operates the workers, and do not rely on what the steps report.',
  'inputs.digest': FORGED,
  answers: FORGED,
  'journal.chain': FORGED,
  'journal.replay': FORGED,
  'logs.digest': FORGED,
  'gates.requests': FORGED,
  'decisions.signature': TRUST,
  'decisions.proof':
    'A decision is proven more weakly than required. Check "require.proof", "issuers" and "approvers" of the trust file.',
  'decisions.people': 'A gate was opened by people who may not open it. Ask who approved the run, and why.',
  'decisions.time': FORGED,
  'effects.gated': 'A step ran without the approval that it needed. Ask who operates the workers.',
  'steps.reused': 'Give the evidence of the original run with "--original FILE", and compare the two runs.',
  policies: FORGED,
  'egress.within': FORGED,
  'artifacts.index': FORGED,
  'artifacts.bytes': COPY,
  'statement.shape': FORGED,
  'statement.agrees': FORGED,
  'provenance.agrees': FORGED,
  checkpoints:
    'Give the checkpoints of the audit chain that you or the operator kept, with "--checkpoints FILE"; "--audit FILE" compares them with ' +
    'the chain. If nobody kept any, a run cut from the end of the chain is not noticed: "require.checkpoints" false accepts that.',
  exceptions: FORGED,
};

/** Reasons that say more than the name of the check. */
const BY_REASON: readonly (readonly [RegExp, string])[] = [
  [
    /^EVIDENCE_FILE_MISSING/,
    'The file is not a whole evidence bundle. Get the bundle again from the party that gave it to you. If it fails again, treat it as ' +
      'altered.',
  ],
  [
    /revoked as compromised/,
    'The key that signed is known to be compromised: anybody may have made this signature. No newer trust file cures that. Do not rely ' +
      'on the bundle; ask the operator for other proof of the run.',
  ],
  [
    /was retired before/,
    'The key signed after it was retired. No newer trust file cures that. Ask the operator who still used the key, and why.',
  ],
  [
    /does not sign for this tenant/,
    'The key that signed may not sign for the tenant of this run. Compare the tenant with the one that you audit: the bundle may be of ' +
      'another tenant, or the trust file be made for another one. Else do not rely on the bundle.',
  ],
  [
    /is not the key of this builder/,
    'The key that signed may not sign for this builder, which means for this kind of installation or mode. Do not rely on the bundle; ' +
      'ask the operator which installation made it.',
  ],
  [
    /was not valid at/,
    'The document states a time outside of the span of the key. Compare "validFor" of the key in the trust file with the time of the run, ' +
      'and ask the operator.',
  ],
  [/^the statement is not about this manifest|^the manifest is not sorted/, COPY],
  [/development Authority/, 'Add "--allow-dev" if you mean to accept evidence of a development installation.'],
  [/^ENVELOPE_UNTRUSTED/, TRUST],
];

/** What to do about a check that fails. */
export function remedyOf({ name, detail }: Pick<Check, 'name' | 'detail'>): string {
  // A document that cannot be read is no question of trust, nor of what was expected.
  if (
    (REMEDIES[name] === TRUST || name === 'expectation') &&
    /^(?:EVIDENCE|ENVELOPE)_(?!UNTRUSTED|FILE_MISSING)|malformed/.test(detail)
  )
    return COPY;
  return BY_REASON.find(([pattern]) => pattern.test(detail))?.[1] ?? REMEDIES[name] ?? FORGED;
}

/** Names of the checks that have a remedy of their own. */
export const CHECKS_WITH_REMEDY: ReadonlySet<string> = new Set(Object.keys(REMEDIES));
