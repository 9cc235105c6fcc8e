import type { EvidenceDocuments } from './evidence-documents';
import { noteDetails } from './run-facts';

/** A secret that the plan uses, without its value. */
export type SecretRecord = { readonly name: string; readonly provider: string; readonly version: string | null };

/** The profile's secrets with the versions that notes `SECRET_VERSION {name, version}` or the gate requests journaled. */
export function secretRecords({ profile, facts, gates }: EvidenceDocuments): readonly SecretRecord[] {
  const versions = new Map<string, string>();
  for (const { opened } of facts.gates) {
    for (const { name, version } of gates.get(opened.gateDigest)?.request.secrets ?? []) versions.set(name, version);
  }
  for (const { name, version } of noteDetails(facts, 'SECRET_VERSION')) {
    if (typeof name === 'string' && typeof version === 'string') versions.set(name, version);
  }
  return profile.secrets.map(({ name, provider }) => ({ name, provider, version: versions.get(name) ?? null }));
}
