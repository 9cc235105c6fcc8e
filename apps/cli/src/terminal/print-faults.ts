import type { Fault } from '@taskrunner/core/foundation';
import { safeLine } from './safe-text';

/** Faults as people and editors read them: `CODE file:line:col message` and a `help:` line. */
export function faultLines(faults: readonly Fault[], file: string): readonly string[] {
  return faults.flatMap((fault) => [
    safeLine(`${fault.code} ${placeOf(fault, file)} ${fault.message}`),
    safeLine(`help: ${fault.remediation}`),
  ]);
}

function placeOf({ line, column, path, file: inner }: Fault, manifest: string): string {
  const file = inner === undefined ? manifest : manifest.replace(/[^/\\!]*$/, () => inner);
  // Inputs come from files and arguments: their places are named, not numbered.
  if (path.startsWith('/inputs/')) return path.slice(1);
  if (line !== null) return `${file}:${line}:${column ?? 1}`;
  return path === '' ? file : `${file}${path.startsWith('/') ? '' : ' '}#${path}`;
}
