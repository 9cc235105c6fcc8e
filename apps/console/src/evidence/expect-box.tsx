import { isRunId } from '@taskrunner/core/foundation';
import type { TermsOfPage } from './use-terms';

/** What a bundle must be of. Without it, the bundle of any run is as good as that of the one that is meant. */
export function ExpectBox({ from: { terms, expect } }: { readonly from: TermsOfPage }) {
  const isPart = terms.run !== null && !isRunId(terms.run);
  return (
    <section aria-label="What you expect">
      <h2>What you expect</h2>
      <p className="faint">
        Get both from somebody other than the person who gave you the bundle. An empty entry is not compared: the bundle
        of another run would pass as well.
      </p>
      <label className="entry">
        <span className="entry-name">Run</span>
        <input
          className="field code"
          placeholder="run_…"
          autoComplete="off"
          spellCheck={false}
          value={terms.run ?? ''}
          aria-invalid={isPart}
          onChange={({ target }) => expect({ run: textOf(target.value) })}
        />
        {isPart ? (
          <span className="tinted" data-tone="wait">
            This is not a complete id: run_ and 26 characters. It equals no run.
          </span>
        ) : null}
      </label>
      <label className="entry">
        <span className="entry-name">Plan hash</span>
        <input
          className="field code"
          placeholder="sha256:…"
          autoComplete="off"
          spellCheck={false}
          value={terms.plan ?? ''}
          onChange={({ target }) => expect({ plan: textOf(target.value) })}
        />
      </label>
    </section>
  );
}

function textOf(entered: string): string | null {
  return entered.trim() === '' ? null : entered.trim();
}
