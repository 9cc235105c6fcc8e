import type { Gate } from '@taskrunner/client';
import { verdictIn } from './verdict';

/** The end of the message of a request to override whose gate has no message. */
const OVERRIDES = '. Approving overrides the denial.';

/** What a request is about, in one line. A request to override a denial without a message of the pack names what was denied. */
export function gateTitle(gate: Pick<Gate, 'request' | 'policy' | 'pack' | 'gateId'>): string {
  const verdict = verdictIn(gate);
  if (verdict === null || !gate.request.message.endsWith(OVERRIDES)) return gate.request.message;
  const { name, version } = gate.pack;
  return `Override policy ${verdict.id} for ${name} ${version} at ${gate.gateId}?`;
}

/** A heading with more characters is cut where a sentence or, if that is too late, a word ends. */
const LONGEST_HEADING = 160;

/** A message in two parts, which together are all of it: the heading of the page, and what follows the facts of the request. */
export function headingOf(message: string): readonly [heading: string, rest: string] {
  const line = message.indexOf('\n');
  const first = line < 0 ? message : message.slice(0, line);
  if (first.length <= LONGEST_HEADING) return [first, line < 0 ? '' : message.slice(line + 1)];
  const begin = first.slice(0, LONGEST_HEADING);
  const sentence = /^.*[.!?](?= )/s.exec(begin)?.[0].length ?? 0;
  const cut = sentence > 0 ? sentence : begin.lastIndexOf(' ');
  return cut <= 0 ? [message, ''] : [message.slice(0, cut), message.slice(cut + 1)];
}
