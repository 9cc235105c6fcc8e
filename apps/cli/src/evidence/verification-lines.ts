import {
  answerLines,
  basesInWords,
  firstCause,
  NOT_PROVEN,
  serviceCaveat,
  shortContentsOf,
  type Check,
  type Verification,
} from '@taskrunner/core/evidence';
import { safeLine } from '../terminal/safe-text';

/**
 * The text of a verification for people: if it fails, the reasons with remedies; otherwise the checks, who approved what, and how the run
 * ended.
 */
export function verificationLines(verification: Verification, hasFiles: boolean): readonly string[] {
  const { checks, summary } = verification;
  const failures = failureLines(checks, hasFiles);
  const story = storyLines(verification);
  const held = checks.filter(({ ok }) => ok).map(checkLine);
  const lines =
    failures.length > 0
      ? [...failures, ...held, isOnlyExport(checks) ? NOT_COMPARED : untrusted(story !== null, hasFiles)]
      : [
          ...held,
          '',
          ...(story ?? ['the documents cannot be read']),
          '',
          `${checks.length} checks hold: ${basesInWords(checks)}`,
          ...caveatLines(checks),
          `Not proven: ${NOT_PROVEN}. \`inspect\` lists what stays open for this bundle.`,
        ];
  return [...lines, summary].map(safeLine);
}

/** What only the keys of the services prove: beside the verdict, which would else be taken for more. */
function caveatLines(checks: readonly Check[]): readonly string[] {
  const said = serviceCaveat(checks);
  return said === null ? [] : [said];
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

const NOT_COMPARED =
  'The other checks of the bundle hold. It is not known whether the audit chain has its decisions and its seal.';

/** True if nothing fails but the audit export that the verifier passed, which is broken by itself. */
function isOnlyExport(checks: readonly Check[]): boolean {
  return checks.every(({ ok, name, detail }) => ok || (name === 'checkpoints' && /^audit entry \d+: /.test(detail)));
}

/** What can be done with the contents of a bundle that fails. `inspect` reads the same documents. */
function untrusted(isReadable: boolean, hasFiles: boolean): string {
  const untrusted = 'The contents of the bundle cannot be trusted';
  if (isReadable) return `${untrusted}. \`inspect\` still shows them.`;
  return `${untrusted}, and its documents cannot be read.${hasFiles ? ' `inspect` names the first that cannot.' : ''}`;
}

/** What the documents say; null: they cannot be read. */
function storyLines({ documents }: Verification): readonly string[] | null {
  try {
    return documents && answerLines(shortContentsOf(documents));
  } catch {
    return null;
  }
}
