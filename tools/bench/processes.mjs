// Process information from the kernel.
import { readFileSync } from 'node:fs';

/** A file's text; empty if it cannot be read. */
export function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Parent and processor time so far (milliseconds) of a process. Ended children are included in their parent's time. */
export function statOf(pid) {
  const text = readOr(`/proc/${pid}/stat`);
  if (text === '') return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), cpuMs: ticks * 10 };
}

/** Processor time of a process so far, milliseconds; 0 if it has ended. */
export const cpuOf = (pid) => statOf(pid)?.cpuMs ?? 0;
