import { restrictedAuthorityOf, type RestrictedAuthority } from '../records/builder';
import type { RunEvidence } from '../records/run-evidence';

const DEVELOPMENT =
  'The builder of this run is the development Authority: the evidence was made with DEVELOPMENT KEYS, which are available to everyone ' +
  'who starts a development installation. It proves nothing about a production installation.';

const LOCAL =
  'The builder of this run is a local Authority: the evidence was made with LOCAL KEYS by the account that ran the pack. It chose the names of the people, ' +
  'and could approve under several of them. The evidence proves nothing about a production installation.';

const TEXTS: Readonly<Record<RestrictedAuthority['option'], string>> = {
  '--allow-dev': DEVELOPMENT,
  '--allow-local': LOCAL,
};

/** Concessions that no production installation needs, and with which the caller of the verification accepted the evidence. */
export function concessionsOf({ asserted }: Pick<RunEvidence, 'asserted'>, verified: boolean): readonly string[] {
  const restricted = restrictedAuthorityOf(asserted.builder);
  if (restricted === null) return [];
  const text = TEXTS[restricted.option];
  return [verified ? `${text} It was accepted because of "${restricted.option}".` : text];
}
