import { isDevBuilder, type RunEvidence } from '../records/run-evidence';

const DEVELOPMENT =
  'The builder of this run is the development Authority: the evidence was made with DEVELOPMENT KEYS, which are available to everyone ' +
  'who starts a development installation. It proves nothing about a production installation.';

/** Concessions that no production installation needs, and with which the caller of the verification accepted the evidence. */
export function concessionsOf({ asserted }: Pick<RunEvidence, 'asserted'>, verified: boolean): readonly string[] {
  if (!isDevBuilder(asserted.builder)) return [];
  return [verified ? `${DEVELOPMENT} It was accepted because of "--allow-dev".` : DEVELOPMENT];
}
