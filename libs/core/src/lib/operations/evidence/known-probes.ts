import { sha256 } from '../../canonical/digest';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { ProbeDocuments } from '../../ports/evidence/probe-documents';
import { DocumentAltered } from '../../stored/document-altered';

/** Number of documents that are kept. Workers of one release on machines of one kind have the same document. */
const KEPT = 32;

/** Probe documents that match their digests. They are read once, because every run of a worker names the same one. */
export class KnownProbes {
  private readonly known = new Map<Digest, string>();

  /** The documents with these digests, without those that are missing. Throws `DocumentAltered` if one does not match its digest. */
  async of(
    run: { readonly tenant: TenantId; readonly runId: RunId },
    digests: ReadonlySet<Digest>,
    probes: Pick<ProbeDocuments, 'find'>,
  ): Promise<ReadonlyMap<Digest, string>> {
    const unknown = [...digests].filter((digest) => !this.known.has(digest));
    const found = unknown.length === 0 ? new Map<Digest, string>() : await probes.find(unknown);
    for (const [expected, text] of found) {
      const digest = sha256(text);
      if (digest !== expected)
        throw new DocumentAltered({ ...run, document: 'probe', what: 'a probe document', expected, found: digest });
    }
    const documents = new Map([...this.known, ...found].filter(([digest]) => digests.has(digest)));
    this.keep(found);
    return documents;
  }

  private keep(found: ReadonlyMap<Digest, string>): void {
    for (const [digest, text] of found) this.known.set(digest, text);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= KEPT) return;
      this.known.delete(oldest);
    }
  }
}
