import { Notice } from '../frame/notice';
import { sizeText } from '../frame/short';
import { FindingsView } from './findings-view';
import type { ExaminationOfPage } from './use-examination';

/** Where the verification stands, or what it found. */
export function StageView({ examination }: { readonly examination: ExaminationOfPage }) {
  const { stage, isReady, write } = examination;
  const state = (
    <p className="faint" data-verifier={isReady ? 'ready' : 'loading'}>
      {isReady
        ? 'The verifier is loaded. It works in this browser and sends nothing: you can cut the network.'
        : 'Loading the verifier …'}
    </p>
  );
  switch (stage.kind) {
    case 'none':
      return state;
    case 'working':
      return (
        <>
          {state}
          <Notice kind="loading" title="Verifying …">
            {stage.bundle === null ? null : (
              <p className="code">
                {stage.bundle.name}, {sizeText(stage.bundle.size)}, {stage.bundle.sha256}
              </p>
            )}
          </Notice>
        </>
      );
    case 'failed':
      return (
        <>
          {state}
          <Notice kind="broken" title="The verifier failed">
            <p>{stage.message}. Nothing was verified.</p>
          </Notice>
        </>
      );
    case 'found':
      return (
        <>
          {state}
          <FindingsView findings={stage.findings} write={write} />
        </>
      );
  }
}
