import { basesInWords, NOT_PROVEN, serviceCaveat } from '@taskrunner/core/evidence';
import { ToPart } from '../frame/to-part';
import { browserWords } from './browser-words';
import type { Findings } from './protocol';
import { PARTS } from './parts';
import { Quoted } from './words';

/** How a verdict looks: a colour, a shape and a sentence. */
interface Look {
  readonly tone: 'good' | 'wait' | 'bad';
  readonly sign: string;
  readonly title: string;
}

/** What the verification says, against whose keys, and what it does not prove, before anything else is read. */
export function Verdict({ findings }: { readonly findings: Findings }) {
  const { report, verification, contents, refusal, missingEngines } = findings;
  const { summary, cause, concessions } = report.verdict;
  const { tone, sign, title } = lookOf(findings);
  const failing = contents?.filter(({ ok }) => !ok) ?? [];
  const caveat = verification?.ok === true ? serviceCaveat(verification.checks) : null;
  const isTrustRefused = findings.trustFaults.length > 0;
  return (
    <section className="verdict" data-tone={tone} aria-label="Verdict" id={PARTS.verdict} tabIndex={-1}>
      <h2>
        <span aria-hidden="true">{sign}</span> {title}
      </h2>
      {refusal === null ? null : (
        <p>
          The file {refusal.what}. {browserWords(refusal.remediation)}
        </p>
      )}
      {refusal !== null ? null : verification === null ? (
        <p>
          {isTrustRefused
            ? 'The trust file is refused (TRUST_INVALID), so no signature was matched to anybody.'
            : 'You have given no trust file, so no signature was matched to anybody.'}{' '}
          <ToPart to={PARTS.trust}>{isTrustRefused ? 'See its faults' : 'Choose a trust file'}</ToPart>.{' '}
          {failing.length === 0
            ? 'The documents of the bundle agree with each other. Anyone who can write a bundle can write one that passes these checks.'
            : 'The documents of the bundle contradict each other, or some are missing.'}
        </p>
      ) : cause === null ? (
        <p>
          All {verification.checks.length} checks hold: {basesInWords(verification.checks)}.{' '}
          <Quoted>{browserWords(summary ?? '')}</Quoted>
        </p>
      ) : (
        <>
          <p>
            It fails at <code>{cause.check}</code>: <Quoted>{browserWords(cause.detail)}</Quoted>.{' '}
            {browserWords(cause.remedy)}
          </p>
          <p>Do not rely on what follows. It shows what the bundle says, and that is not verified.</p>
        </>
      )}
      {concessions.map((one) => (
        <p key={one}>{browserWords(one)}</p>
      ))}
      <TrustedBy findings={findings} />
      {caveat === null ? null : <p>{caveat}</p>}
      {verification?.ok === true ? (
        <p>
          Not proven: {NOT_PROVEN}. <ToPart to={PARTS.notProven}>What stays open for this bundle</ToPart>
        </p>
      ) : null}
      {missingEngines.length === 0 ? null : (
        <p>
          This verifier has no engine for {missingEngines.join(', ')}: it does not evaluate such policies again, and
          does not rebuild the plan. <code>taskrunner verify</code> does.
        </p>
      )}
    </section>
  );
}

/** The verdict in one line, for a place from which the verdict itself may be out of sight; it leads there. */
export function VerdictLine({ findings }: { readonly findings: Findings }) {
  const { tone, sign, title } = lookOf(findings);
  return (
    <p className="tinted" data-tone={tone}>
      <span aria-hidden="true">{sign}</span> {title}. <ToPart to={PARTS.verdict}>Show the verdict</ToPart>
    </p>
  );
}

/** Whose keys were accepted: those of the trust file. */
function TrustedBy({ findings: { report } }: { readonly findings: Findings }) {
  const { trust } = report.verdict;
  const file = report.verification?.trust ?? null;
  if (trust === null || file === null) return null;
  return (
    <p>
      You gave trust file <Quoted>{file.name}</Quoted>: <Quoted>{trust.id}</Quoted>, serial {trust.serial}, expires{' '}
      <Quoted>{trust.expires}</Quoted>. Only its keys are trusted.
    </p>
  );
}

function lookOf(findings: Findings): Look {
  const { verification, contents, report, refusal } = findings;
  if (refusal !== null) return { tone: 'bad', sign: '✕', title: 'This is no evidence bundle' };
  if (verification?.ok === true)
    return report.verdict.concessions.length > 0
      ? { tone: 'wait', sign: '!', title: 'Verified, with a concession' }
      : { tone: 'good', sign: '✓', title: 'Verified' };
  if (verification !== null) return { tone: 'bad', sign: '✕', title: 'The verification fails' };
  if (findings.trustFaults.length > 0) return { tone: 'bad', sign: '✕', title: 'The trust file is refused' };
  return contents?.every(({ ok }) => ok) === true
    ? { tone: 'wait', sign: '!', title: 'Consistent, but signed by nobody you trust' }
    : { tone: 'bad', sign: '✕', title: 'The bundle is not consistent' };
}

/** What the verification does not prove, whatever its result is. */
export function NotProven({ findings }: { readonly findings: Findings }) {
  const { unmade, report } = findings;
  return (
    <section aria-labelledby={PARTS.notProven}>
      <h2 id={PARTS.notProven} tabIndex={-1}>
        What this does not prove
      </h2>
      <ul className="bullets">
        {unmade.length === 0 ? null : (
          <li>
            {unmade.length} checks need a trust file and were not made: <code>{unmade.join(', ')}</code>. Nothing shows
            who admitted the run, who decided, and who signed this bundle.
          </li>
        )}
        {report.verdict.residuals.map(({ check, basis, text }) => (
          <li key={text}>
            {check === null ? null : (
              <>
                <code>{check}</code> ({basis}):{' '}
              </>
            )}
            {browserWords(text)}
          </li>
        ))}
        <li>
          This page was sent by the server. A server that lies about evidence can also send a page that lies. Compare
          the verdict with that of <code>taskrunner-verify.mjs</code>, whose digest is published.
        </li>
      </ul>
    </section>
  );
}
