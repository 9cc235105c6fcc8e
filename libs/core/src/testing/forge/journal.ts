import { canonical } from '../../lib/canonical/canonical';
import { sha256 } from '../../lib/canonical/digest';
import type { Digest, StepId } from '../../lib/foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../../lib/foundation/json';
import type { Page, Unnumbered } from '../../lib/journal/page';
import { isItem, nodeOf, ROOT } from '../../lib/plan/place';
import type { PlanIndex } from '../../lib/plan/plan-index';
import { chained } from './chained';

// An altered journal, hash-chained again from its admission on.

/** Entries without their numbers. */
export type Entries = readonly Unnumbered[];

/** The entries of all pages. */
export function entriesOf(pages: readonly Page[]): Entries {
  return pages.flatMap((page) => page.entries).map(({ seq: _seq, ...entry }) => entry);
}

/** Entries changed, put on one page. */
export function restated(pages: readonly Page[], restate: (entries: Entries) => Entries): readonly Page[] {
  const values = Object.assign({}, ...pages.map((page) => page.values)) as Page['values'];
  return [chained({ seq: 0, hash: pages[0]?.prev as Digest }, restate(entriesOf(pages)), values)];
}

/** Replaces a value: wherever its digest occurs, the other value's digest and size are inserted. */
export function substituted(pages: readonly Page[], digest: Digest, value: Json): readonly Page[] {
  const text = canonical(value);
  const other = sha256(text);
  const put = (json: Json): Json => {
    if (isJsonArray(json)) return json.map(put);
    if (!isJsonObject(json)) return json === digest ? other : json;
    const changed = Object.fromEntries(Object.entries(json).map(([name, one]) => [name, put(one)]));
    return json['digest'] === digest && typeof json['size'] === 'number'
      ? { ...changed, size: Buffer.byteLength(text) }
      : changed;
  };
  const rest = pages.map((page) => ({
    ...page,
    values: Object.fromEntries(
      Object.entries(page.values).map(([name, one]) => (name === digest ? [other, value] : [name, one])),
    ),
  }));
  return restated(rest, (entries) =>
    entries.map((entry) => ({ ...entry, event: put(entry.event as unknown as Json) }) as unknown as Unnumbered),
  );
}

/** The kind of step of an event: `[gate]`, `[item]`; empty if it concerns no step. */
export function kindOf(index: PlanIndex, event: Unnumbered['event']): string {
  const { step, question, code } = event as unknown as {
    readonly step?: StepId | null;
    readonly question?: string;
    readonly code?: string;
  };
  if (event.type === 'note') return ` ${code ?? ''}`;
  if (event.type === 'question.answered') return ` ${question ?? ''}`;
  if (typeof step !== 'string') return '';
  if (step === ROOT) return '[run]';
  if (isItem(step)) return '[item]';
  const kind = index.nodes.get(nodeOf(step))?.node.kind;
  if (event.type === 'step.ended' || event.type === 'step.opened') return kind === undefined ? '' : `[${kind}]`;
  return '';
}

/** Where a value is first named: `attempt.succeeded outputs`. */
export function roleOf(index: PlanIndex, pages: readonly Page[], digest: Digest): string {
  for (const { event } of entriesOf(pages)) {
    const path = pathTo(event as unknown as Json, digest);
    if (path !== null) return `${event.type}${kindOf(index, event)} ${path}`;
  }
  const shown = pages.some(({ values }) =>
    Object.values(values).some((value) => isJsonObject(value) && value['showDigest'] === digest),
  );
  return shown ? 'gate show' : 'nothing';
}

function pathTo(value: Json, digest: Digest): string | null {
  if (isJsonObject(value)) {
    for (const [name, one] of Object.entries(value)) {
      if (one === digest) return name === 'digest' ? '' : name;
      const path = pathTo(one, digest);
      if (path !== null) return `${name}${path === '' ? '' : `.${path}`}`;
    }
  }
  return null;
}
