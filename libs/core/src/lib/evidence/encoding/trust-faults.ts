import type { CodedError } from '../../foundation/coded-error';
import type { Fault } from '../../foundation/fault';
import { readDocument } from '../../document/read-document';

/** What to do about a trust file that is refused. */
export const TRUST_HELP =
  'Correct the trust file, or get it again from its issuer. The guide "auditing" describes the format.';

/** The faults of a trust file that `readTrust` refused, with positions: by offset if the text is not JSON, otherwise by pointer. */
export function trustFaults(text: string, { message, faults }: CodedError): readonly Fault[] {
  if (faults.length > 0) {
    const read = readDocument(text);
    const positionOf = read.kind === 'read' ? read.keyPositionOf : (): object => ({});
    return faults.map((fault) => ({
      ...fault,
      code: 'TRUST_INVALID',
      message: `${fault.path} ${fault.message}`,
      remediation: 'The guide "auditing" describes the format of a trust file.',
      ...positionOf(fault.path),
    }));
  }
  const offset = / at offset (\d+)$/.exec(message);
  const before = text.slice(0, Number(offset?.[1] ?? 0)).split('\n');
  const place = offset
    ? { line: before.length, column: (before.at(-1) ?? '').length + 1 }
    : { line: null, column: null };
  const said = message.replace(/ at offset \d+$/, '');
  return [{ code: 'TRUST_INVALID', path: '', ...place, message: said, remediation: TRUST_HELP }];
}
