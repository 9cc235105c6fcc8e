import { Notice } from '../frame/notice';
import { sizeText } from '../frame/short';
import type { ExaminationOfPage } from './use-examination';
import { Verdict } from './verdict';

/**
 * Where the verification stands, or its verdict. It stands at the top of a page, before the entries and the report, and is read out when it
 * changes.
 */
export function StageView({ examination: { stage, isReady } }: { readonly examination: ExaminationOfPage }) {
  return (
    <div className="stage">
      <div aria-live="polite">{stage.kind === 'none' ? null : <ShownStage stage={stage} />}</div>
      <p className="faint" data-verifier={isReady ? 'ready' : 'loading'}>
        {isReady
          ? 'The verifier is loaded. It works in this browser and sends nothing: you can cut the network.'
          : 'Loading the verifier …'}
      </p>
    </div>
  );
}

function ShownStage({ stage }: { readonly stage: Exclude<ExaminationOfPage['stage'], { readonly kind: 'none' }> }) {
  switch (stage.kind) {
    case 'working':
      return (
        <Notice kind="loading" title="Verifying …">
          {stage.bundle === null ? null : (
            <p className="code">
              {stage.bundle.name}, {sizeText(stage.bundle.size)}, {stage.bundle.sha256}
            </p>
          )}
        </Notice>
      );
    case 'failed':
      return (
        <Notice kind="broken" title="The verifier failed">
          <p>{stage.message}. Nothing was verified.</p>
        </Notice>
      );
    case 'found':
      return <Verdict findings={stage.findings} />;
  }
}
