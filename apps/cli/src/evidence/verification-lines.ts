import {
  answerLines,
  basesInWords,
  firstCause,
  shortContentsOf,
  type Check,
  type Verification,
} from '@taskrunner/core/evidence';
import { isCodedError } from '@taskrunner/core/foundation';
import { safeLine } from '../terminal/safe-text';

/** What a pass does not say. The report lists what stays open for this bundle. */
const NOT_PROVEN =
  'Not proven: that the holders of the keys were honest, and that times and outputs of programs are as stated. `inspect` lists what stays open for this bundle.';

/**
 * The text of a verification for people: if it fails, the reasons with remedies; otherwise the checks, who approved what, and how the run
 * ended.
 */
export function verificationLines(verification: Verification, hasFiles: boolean): readonly string[] {
  const { checks, summary } = verification;
  const failures = failureLines(checks, hasFiles);
  const held = checks.filter(({ ok }) => ok).map(checkLine);
  const lines =
    failures.length > 0
      ? [...failures, ...held, 'The contents of the bundle cannot be trusted. `inspect` still shows them.']
      : [
          ...held,
          '',
          ...storyLines(verification),
          '',
          `${checks.length} checks hold: ${basesInWords(checks)}`,
          NOT_PROVEN,
        ];
  return [...lines, summary].map(safeLine);
}

function checkLine({ name, ok, basis, detail }: Check): string {
  return `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(21)} ${basis.padEnd(10)} ${detail}`;
}

/** Each cause once, the first cause first, with the number of checks that fail for the same reason. */
function failureLines(checks: readonly Check[], hasFiles: boolean): readonly string[] {
  const lines: string[] = [];
  for (let left = checks; ;) {
    const cause = firstCause(left, hasFiles);
    if (cause === null) return lines;
    const { check, detail, remedy, dependent, others } = cause;
    lines.push(...left.filter(({ name, ok }) => name === check && !ok).map(checkLine), `help: ${remedy}`);
    if (dependent.length > 0)
      lines.push(
        hasFiles
          ? `     ${counted(dependent.length)} for the same reason or as a consequence: ${dependent.join(', ')}`
          : `     ${dependent.length} further checks could not be made, because ${detail}`,
      );
    left = others;
  }
}

function counted(count: number): string {
  return count === 1 ? '1 further check fails' : `${count} further checks fail`;
}

function storyLines({ documents }: Verification): readonly string[] {
  try {
    return documents === null ? [] : answerLines(shortContentsOf(documents));
  } catch (error) {
    return [`the documents cannot be read (${isCodedError(error) ? error.code : 'malformed'})`];
  }
}
