import type { Files } from './corpus';

/**
 * Who holds which keys. `none`: whoever has the archive. `bundle`: the bundle key. `authority`: the keys of ledger and admission. `worker`: the
 * journal, the run key and the bundle key. `attestor`: run, bundle and summary key, over documents that it was given.
 */
export const HOLDERS = ['none', 'bundle', 'authority', 'worker', 'attestor'] as const;
export type Holder = (typeof HOLDERS)[number];

/** A forgery that is not made yet. */
export interface Attempt {
  readonly holder: Holder;
  /** The class of document: `decision`, `journal step.ended[gate]`. */
  readonly document: string;
  /** The class of field, `(file)` for all of it. */
  readonly field: string;
  readonly mutation: string;
  /** The forged bundle. Throws where the engine or the signer's own code refuses. */
  readonly forge: () => Files | Promise<Files>;
}

/** Changes of a JSON value that change its shape, not only its content. */
const SHAPE = new Set(['dropped', 'null', 'retyped', 'member added']);
/** Documents whose cells differ only by the first member. */
const BY_MEMBER = new Set(['admission', 'decision', 'resolution']);
const STATEMENTS = new Set(['statement', 'provenance', 'summary']);

/**
 * What is altered, in the notation of the table of residuals: `worker probe#profiles.*.tried`. It is coarser than an attempt. It ends with
 * ` (shape)` if members are removed, added or have another type.
 */
export function cellOf(attempt: Pick<Attempt, 'holder' | 'document' | 'field' | 'mutation'>): string {
  const { holder, document, field, mutation } = attempt;
  if (document.startsWith('journal ') && field === '(time)') return `${holder} journal#(time)`;
  // A step may return anything.
  if (document.startsWith('value of ') && field !== '(value)') return `${holder} ${document}#(content)`;
  const parts = field.split('.');
  const place = STATEMENTS.has(document)
    ? parts.slice(0, 2)
    : holder === 'authority' && BY_MEMBER.has(document)
      ? parts.slice(0, parts[0] === 'pack' ? 2 : 1)
      : document === 'probe' && parts[2] === 'sandbox'
        ? ['profiles', '*', 'sandbox']
        : parts;
  while (place.length > 1 && place.at(-1) === '*') place.pop();
  const isShape = SHAPE.has(mutation) && !field.startsWith('(');
  return `${holder} ${document}#${place.join('.')}${isShape ? ' (shape)' : ''}`;
}
