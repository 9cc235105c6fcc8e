import { useId, useState } from 'react';
import { sizeText } from '../frame/short';
import { DropZone } from './drop-zone';
import type { Findings } from './protocol';
import { PARTS } from './parts';
import type { TermsOfPage } from './use-terms';
import { VerdictLine } from './verdict';

interface TrustFacts {
  readonly from: TermsOfPage;
  /** Of the bundle, against this trust; null: there is no bundle, or it is being verified. */
  readonly findings: Findings | null;
}

/** The most that a trust file may have, bytes. Real ones have some kilobytes. */
const MAX_BYTES = 8 * 1024 * 1024;
const PASTED = 'pasted text';

/** Where a person says whom they trust. */
export function TrustBox({ from, findings }: TrustFacts) {
  const id = useId();
  const faults = findings?.trustFaults ?? [];
  const { terms, isRemembered, give, remember, allowDev, allowLocal } = from;
  const text = terms.trust?.text ?? '';
  const [tooLarge, setTooLarge] = useState<string | null>(null);
  const take = async (file: File): Promise<void> => {
    const isSmall = file.size <= MAX_BYTES;
    setTooLarge(
      isSmall ? null : `${file.name} has ${sizeText(file.size)}. A trust file has at most ${sizeText(MAX_BYTES)}.`,
    );
    if (isSmall) give({ name: file.name, text: await file.text() });
  };
  return (
    <section className="trust" aria-labelledby={PARTS.trust}>
      <h2 id={PARTS.trust} tabIndex={-1}>
        Whom you trust
      </h2>
      <p className="faint">
        A trust file lists the keys whose signatures you accept. Get it from somebody other than the operator of this
        server, such as your own security team: a server that is audited cannot vouch for itself. The file stays in this
        browser.
      </p>
      <DropZone
        label="Choose a trust file, or drop it here"
        accept=".json,application/json"
        chosen={terms.trust === null || terms.trust.name === PASTED ? null : terms.trust.name}
        take={(file) => void take(file)}
      >
        <label htmlFor={`${id}-text`} className="faint">
          or paste its text
        </label>
        <textarea
          id={`${id}-text`}
          className="field trust-text code"
          rows={4}
          spellCheck={false}
          value={text}
          aria-invalid={faults.length > 0}
          aria-describedby={faults.length > 0 ? `${id}-faults` : undefined}
          onChange={({ target }) => give(target.value.trim() === '' ? null : { name: PASTED, text: target.value })}
        />
      </DropZone>
      {tooLarge === null ? null : (
        <p className="tinted" data-tone="bad" role="alert">
          {tooLarge}
        </p>
      )}
      {faults.length === 0 ? null : (
        <div className="failure" role="alert" id={`${id}-faults`}>
          <p className="failure-code">The trust file is refused (TRUST_INVALID)</p>
          <ul>
            {faults.slice(0, 20).map((fault, at) => (
              <li key={at}>
                {fault.line === null ? '' : `Line ${fault.line}, column ${fault.column ?? 1}: `}
                {fault.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      <p className="trust-options">
        <label className="check">
          <input type="checkbox" checked={isRemembered} onChange={({ target }) => remember(target.checked)} />
          Remember the trust file in this browser
        </label>
        <label className="check">
          <input type="checkbox" checked={terms.allowDev} onChange={({ target }) => allowDev(target.checked)} />
          Accept keys of a development stack
        </label>
        <label className="check">
          <input type="checkbox" checked={terms.allowLocal} onChange={({ target }) => allowLocal(target.checked)} />
          Accept keys of a run without a server
        </label>
      </p>
      {findings === null || terms.trust === null ? null : <VerdictLine findings={findings} />}
    </section>
  );
}
