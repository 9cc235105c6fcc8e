import type { Fault } from '@taskrunner/core/foundation';
import { safeLine } from './safe-text';

/** Faults in a form for people and editors: `CODE file:line:col message` and a `help:` line. */
export function faultLines(faults: readonly Fault[], file: string): readonly string[] {
  return faults.flatMap((fault) => [
    safeLine(`${fault.code} ${placeOf(fault, file)} ${fault.message}`),
    safeLine(`help: ${fault.remediation}`),
  ]);
}

/** Warnings in the same form. */
export function warningLines(warnings: readonly Fault[], file: string): readonly string[] {
  return faultLines(warnings, file).map((line) => line.replace(/^(?!help:)/, 'warning: '));
}

function placeOf({ line, column, path, file: inner }: Fault, manifest: string): string {
  const file = inner === undefined ? manifest : manifest.replace(/[^/\\!]*$/, () => inner);
  // Inputs come from files and arguments, so their places are named instead of numbered.
  if (path.startsWith('/inputs/')) return path.slice(1);
  if (line !== null) return `${file}:${line}:${column ?? 1}`;
  return path === '' ? file : `${file}${path.startsWith('/') ? '' : ' '}#${path}`;
}
