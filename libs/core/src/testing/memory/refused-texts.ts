import type { Commit } from '../../lib/ports/runs/committer';

/** What PostgreSQL says of a commit with U+0000 in a column of type `text`; null if there is none. Columns of type `json` hold its escape. */
export function refusedTexts({ steps, gates, artifacts, chunks, outbox }: Commit): string | null {
  const texts = [
    ...steps.flatMap(({ step, parent, kind, label, reason }) => [step, parent, kind, label, reason]),
    ...gates.flatMap((gate) => (gate.kind === 'opened' ? [gate.gate, gate.approval] : [gate.gate])),
    ...artifacts.flatMap(({ step, name, path, mediaType }) => [step, name, path, mediaType]),
    ...chunks.map(({ step }) => step),
    ...outbox.map((entry) => (entry.kind === 'announce' ? entry.stream : null)),
  ];
  return texts.some((text) => text?.includes('\0')) ? 'invalid byte sequence for encoding "UTF8": 0x00' : null;
}
