import type { Files } from './corpus';

/**
 * Who holds which keys. `none`: whoever has the archive. `bundle`: the bundle key. `authority`: the keys of ledger and admission. `worker`: the
 * journal, the run key and the bundle key. `attestor`: run, bundle and summary key, over documents that it was given.
 */
export const HOLDERS = ['none', 'bundle', 'authority', 'worker', 'attestor'] as const;
export type Holder = (typeof HOLDERS)[number];

/** One forgery, not made yet. */
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

/** What holders alter, and is not told apart further: `worker journal log#bytes`. */
export function cellOf({ holder, document, field }: Pick<Attempt, 'holder' | 'document' | 'field'>): string {
  return `${holder} ${document}#${field}`;
}
