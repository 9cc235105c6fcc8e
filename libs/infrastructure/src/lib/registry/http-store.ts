import { canonical, sha256 } from '@taskrunner/core/canonical';
import { isDigest, isJsonArray, type Digest } from '@taskrunner/core/foundation';
import { MAX_MANIFEST_BYTES, MEDIA_TYPE, printIndex, readIndex, readObject, type Descriptor } from './oci';
import { exactly, OciStore, referrersTag, type StoredManifest } from './oci-store';
import { refusal } from './registry-error';
import { RegistryHttp, type HttpSetting, type Reply } from './registry-http';

/** A registry over HTTP, under a path prefix of its repositories. */
interface HttpStoreSetting extends HttpSetting {
  /** Prefix of each repository, without slashes at its ends; empty: none. */
  readonly prefix: string;
}

const ACCEPTED = `${MEDIA_TYPE.manifest}, ${MEDIA_TYPE.index}`;
const PAGE = 1_000;
/** Maximum pages of one list. A registry with more is treated as endless. */
const PAGES = 1_000;
const ATTACH_TRIES = 5;

/** A registry according to the OCI distribution specification 1.1. If it does not list referrers, the referrers tag is used. */
export class HttpStore extends OciStore {
  private readonly http: RegistryHttp;

  constructor(private readonly setting: HttpStoreSetting) {
    super();
    this.http = new RegistryHttp(setting);
  }

  async repositories(after: string | null, limit: number): Promise<readonly string[]> {
    const below = this.setting.prefix === '' ? '' : `${this.setting.prefix}/`;
    const last = `${below}${after ?? ''}`;
    const found: string[] = [];
    const scope = 'registry:catalog:*';
    const start = `/v2/_catalog?n=${PAGE}${last === '' ? '' : `&last=${encodeURIComponent(last)}`}`;
    for await (const body of this.pages(start, scope, 'the registry has no catalog')) {
      const { repositories } = body;
      for (const one of isJsonArray(repositories ?? null) ? (repositories as readonly unknown[]) : []) {
        if (typeof one !== 'string' || !one.startsWith(below)) continue;
        const name = one.slice(below.length);
        if (!name.includes('/') && (after === null || name > after)) found.push(name);
      }
      // A catalog is sorted: the next page contains later names.
      if (found.length >= limit) break;
    }
    return found.sort().slice(0, limit);
  }

  async tags(repository: string): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const body of this.pages(`${this.path(repository)}/tags/list?n=${PAGE}`, this.scope(repository), null)) {
      const { tags } = body;
      if (isJsonArray(tags ?? null))
        found.push(...(tags as readonly unknown[]).filter((tag) => typeof tag === 'string'));
    }
    return found;
  }

  async manifest(repository: string, reference: string): Promise<StoredManifest | null> {
    const reply = await this.get(repository, `manifests/${reference}`, MAX_MANIFEST_BYTES, { accept: ACCEPTED });
    if (reply.status === 404) return null;
    const bytes = isDigest(reference) ? exactly(reply.body, reference, 'the artifact') : reply.body;
    const mediaType = reply.headers.get('content-type')?.split(';', 1)[0] ?? '';
    return { digest: sha256(bytes), mediaType, bytes };
  }

  async blob(repository: string, { digest, size }: Descriptor): Promise<Uint8Array> {
    const reply = await this.get(repository, `blobs/${digest}`, size);
    if (reply.status === 404) throw refusal('PACK_ARTIFACT_INVALID', `the registry lacks the blob ${digest}`);
    return exactly(reply.body, digest, 'a blob');
  }

  async referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    const reply = await this.get(repository, `referrers/${digest}`, MAX_MANIFEST_BYTES, { accept: MEDIA_TYPE.index });
    if (reply.status === 404) return this.tagged(repository, digest);
    const found = [...readIndex(reply.body)];
    let next = nextOf(reply);
    for (let page = 1; next !== null && page < PAGES; page++) {
      const more = await this.http.exchange({
        method: 'GET',
        target: next,
        scope: this.scope(repository),
        maxBytes: MAX_MANIFEST_BYTES,
      });
      found.push(...readIndex(more.body));
      next = nextOf(more);
    }
    return found;
  }

  async putBlob(repository: string, bytes: Uint8Array): Promise<void> {
    const digest = sha256(bytes);
    const scope = this.scope(repository, 'pull,push');
    const known = await this.http.exchange({
      method: 'HEAD',
      target: `${this.path(repository)}/blobs/${digest}`,
      scope,
      maxBytes: 0,
    });
    if (known.status === 200) return;
    const begun = await this.http.exchange({
      method: 'POST',
      target: `${this.path(repository)}/blobs/uploads/`,
      scope,
      maxBytes: MAX_MANIFEST_BYTES,
    });
    const place = this.http.resolve(begun.headers.get('location') ?? '', 'an upload');
    place.searchParams.set('digest', digest);
    const ended = await this.http.exchange({
      method: 'PUT',
      target: place.href,
      scope,
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
      maxBytes: MAX_MANIFEST_BYTES,
    });
    if (ended.status !== 201) throw refusal('REGISTRY_UNSUPPORTED', `an upload failed with status ${ended.status}`);
  }

  async putManifest(repository: string, manifest: StoredManifest, tag: string): Promise<void> {
    await this.put(repository, manifest, tag);
  }

  async attach(repository: string, manifest: StoredManifest, artifactType: string, subject: Digest): Promise<void> {
    const { digest, mediaType, bytes } = manifest;
    const { headers } = await this.put(repository, manifest, digest);
    // The header confirms that the registry supports subjects.
    if (headers.has('oci-subject')) return;
    const own: Descriptor = { mediaType, digest, size: bytes.length, artifactType, annotations: {} };
    for (let tries = 0; tries < ATTACH_TRIES; tries++) {
      const listed = await this.tagged(repository, subject);
      // A concurrent client may overwrite the index: it is written again until it contains our entry.
      if (listed.some((one) => one.digest === digest)) return;
      const index = Buffer.from(canonical(printIndex([...listed, own])));
      const stored = { digest: sha256(index), mediaType: MEDIA_TYPE.index, bytes: index };
      await this.put(repository, stored, referrersTag(subject));
    }
    if (!(await this.tagged(repository, subject)).some((one) => one.digest === digest))
      throw refusal('REGISTRY_UNAVAILABLE', 'other clients keep attaching to the same artifact');
  }

  private async tagged(repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    const index = await this.manifest(repository, referrersTag(digest));
    return index === null ? [] : readIndex(index.bytes);
  }

  private async put(repository: string, { mediaType, bytes }: StoredManifest, reference: string): Promise<Reply> {
    const reply = await this.http.exchange({
      method: 'PUT',
      target: `${this.path(repository)}/manifests/${reference}`,
      scope: this.scope(repository, 'pull,push'),
      headers: { 'content-type': mediaType },
      body: bytes,
      maxBytes: MAX_MANIFEST_BYTES,
    });
    if (reply.status === 201) return reply;
    throw refusal('REGISTRY_UNSUPPORTED', `an artifact was refused (status ${reply.status})`);
  }

  private get(
    repository: string,
    what: string,
    maxBytes: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const target = `${this.path(repository)}/${what}`;
    return this.http.exchange({
      method: 'GET',
      target,
      scope: this.scope(repository),
      headers,
      maxBytes: Math.max(maxBytes, 64 * 1024),
    });
  }

  private async *pages(start: string, scope: string, absent: string | null) {
    let next: string | null = start;
    for (let page = 0; next !== null && page < PAGES; page++) {
      const reply: Reply = await this.http.exchange({
        method: 'GET',
        target: next,
        scope,
        maxBytes: MAX_MANIFEST_BYTES,
      });
      if (reply.status === 404) {
        if (absent !== null) throw refusal('REGISTRY_UNSUPPORTED', absent);
        return;
      }
      yield readObject(reply.body);
      next = nextOf(reply);
    }
  }

  private path(repository: string): string {
    return `/v2/${this.full(repository)}`;
  }

  private scope(repository: string, actions = 'pull'): string {
    return `repository:${this.full(repository)}:${actions}`;
  }

  private full(repository: string): string {
    return this.setting.prefix === '' ? repository : `${this.setting.prefix}/${repository}`;
  }
}

/** Path of the next page, from the registry's link (RFC 8288). */
function nextOf({ headers }: Reply): string | null {
  return /<([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1] ?? null;
}
