import { useState } from 'react';
import { sizeText } from '../frame/short';
import type { Findings } from './protocol';
import { ReportView } from './report/report-view';
import { saveBlob } from '../frame/save';
import { Checks } from './checks';
import { NotProven } from './verdict';
import { Sections } from './words';

interface FindingsFacts {
  readonly findings: Findings;
  /** The report as one HTML file. */
  readonly write: () => Promise<string>;
}

/** What is known about a bundle below its verdict: the story, what is not proven, the checks. */
export function FindingsView({ findings, write }: FindingsFacts) {
  const { bundle, verification, contents, sections } = findings;
  const checks = verification?.checks ?? contents ?? [];
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <BundleFacts findings={findings} />
      <ReportView findings={findings} />
      <NotProven findings={findings} />
      <Checks checks={checks} />
      <section className="report-part">
        <h2>For an auditor</h2>
        <p className="buttons">
          <button type="button" className="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Hide the whole report' : 'Show the whole report'}
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              void write().then((html) => saveBlob(new Blob([html], { type: 'text/html' }), `${bundle.name}.html`))
            }
          >
            Save the report
          </button>
        </p>
        {isOpen ? <Sections sections={sections} /> : null}
      </section>
    </>
  );
}

function BundleFacts({ findings: { bundle } }: { readonly findings: Findings }) {
  return (
    <dl className="paper-facts">
      <div>
        <dt>Bundle</dt>
        <dd>
          <code className="quoted">{bundle.name}</code>, {sizeText(bundle.size)} ({bundle.size} bytes)
        </dd>
      </div>
      <div>
        <dt>Digest</dt>
        <dd>
          <code className="quoted" data-digest={bundle.sha256}>
            {bundle.sha256}
          </code>
        </dd>
      </div>
    </dl>
  );
}
