import { useState } from 'react';
import { sizeText } from '../frame/short';
import { DropZone } from './drop-zone';
import { ExpectBox } from './expect-box';
import { FindingsView } from './findings-view';
import { StageView } from './stage-view';
import { TrustBox } from './trust-box';
import { useExamination } from './use-examination';
import { useTerms } from './use-terms';
import { VerdictLine } from './verdict';
import './evidence.css';

/** Verifies a bundle from the disk of the reader. It needs no run, no server and no sign-in. `maxBytes`: the most that the browser reads. */
export default function VerifyPage({ maxBytes }: { readonly maxBytes: number }) {
  const from = useTerms(null);
  const examination = useExamination(from.terms);
  const [refused, setRefused] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const { stage, open } = examination;
  const take = (file: File): void => {
    const isSmall = file.size <= maxBytes;
    setRefused(
      isSmall
        ? null
        : `${file.name} has ${sizeText(file.size)}, more than the ${sizeText(maxBytes)} that a browser reads here. Use \`taskrunner verify\`.`,
    );
    if (!isSmall) return;
    setChosen(`${file.name}, ${sizeText(file.size)}`);
    open(file.name, file);
  };
  return (
    <main className="page evidence">
      <h1>Verify evidence</h1>
      <p>
        This page verifies an evidence bundle with the code of <code>taskrunner verify</code>. Neither the bundle nor
        the trust file leaves this browser.
      </p>
      <StageView examination={examination} />
      <section aria-label="Bundle">
        <DropZone
          label="Choose an evidence bundle, or drop it here"
          accept=".tar,application/x-tar"
          chosen={chosen}
          take={take}
        />
        {refused === null ? null : (
          <p className="tinted" data-tone="bad" role="alert">
            {refused}
          </p>
        )}
        {stage.kind === 'found' ? <VerdictLine findings={stage.findings} /> : null}
      </section>
      <ExpectBox from={from} />
      <TrustBox from={from} findings={stage.kind === 'found' ? stage.findings : null} />
      {stage.kind === 'found' ? <FindingsView findings={stage.findings} write={examination.write} /> : null}
    </main>
  );
}
