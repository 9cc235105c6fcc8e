import type { Run } from '@taskrunner/client';

/** The message of a run that has ended, or why it has none. Nothing if its pack has none. */
export function RunMessage({
  run: { message, messageError },
}: {
  readonly run: Pick<Run, 'message' | 'messageError'>;
}) {
  if (message !== null)
    return (
      <p className="run-message" aria-label="Message of the run">
        {message}
      </p>
    );
  return messageError === null ? null : (
    <p className="run-message faint">
      The message of the pack cannot be shown: <span className="code">{messageError.code}</span>, {messageError.message}
    </p>
  );
}
