import { sha256 } from '@taskrunner/core/canonical';
import {
  assertedFile,
  bomStatements,
  BUNDLE_MANIFEST,
  decodeEnvelope,
  draftFiles,
  isStatementOf,
  statementPayload,
  type BundleFile,
  type BundleManifest,
  type Envelope,
  type EvidenceDocuments,
  type RunAttestations,
  type SignedStatement,
} from '@taskrunner/core/evidence';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { Attestor } from '@taskrunner/core/ports';
import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { request } from './answers';
import { AttestorError } from './attestor-error';
import { TokenSource, type ClientCredentials } from './client-credentials';

/** Address and settings of the Attestor. */
interface RemoteAttestorOptions {
  readonly url: string;
  readonly credentials: ClientCredentials;
  /** PEM file with the certificates for verifying the Attestor's TLS; null: those of the machine. */
  readonly caFile: string | null;
  readonly timeoutMs: number;
  archive(files: readonly BundleFile[]): AsyncIterable<Uint8Array>;
}

/** Name of the draft's file beside the documents. */
export const DRAFT_FILE = 'draft.json';

/**
 * Sends a run to an Attestor, which verifies and signs it. It receives the documents of the bundle without the output of steps. Of the
 * results it receives only the values that the run's expressions and policies read. It builds the statements from these documents. The
 * signed statements are compared with those that this worker derives.
 */
export class RemoteAttestor extends Attestor {
  readonly isKeyFile = false;
  private readonly tokens: TokenSource;

  private constructor(
    private readonly options: RemoteAttestorOptions,
    private readonly dispatcher: Dispatcher,
  ) {
    super();
    this.tokens = new TokenSource(options.credentials, dispatcher, options.timeoutMs);
  }

  static async open(options: RemoteAttestorOptions): Promise<RemoteAttestor> {
    const { Agent } = await import('undici');
    const ca = options.caFile === null ? undefined : await readFile(options.caFile, 'utf8');
    return new RemoteAttestor(options, new Agent(ca === undefined ? {} : { connect: { ca } }));
  }

  async attest(documents: EvidenceDocuments): Promise<RunAttestations> {
    const asserted = new TextEncoder().encode(assertedFile(documents));
    const files = [{ path: DRAFT_FILE, bytes: asserted }, ...draftFiles(documents)];
    const body = await this.ask(runPath(documents.admission.record.runId, 'statements'), 'application/x-tar', () =>
      collected(this.options.archive(files)),
    );
    const packRun = signedStatement(body['packRun']);
    if (!isStatementOf(documents, decodeEnvelope(packRun.envelope).payload))
      throw invalid('the statement that it signed does not match this run');
    const boms = isJsonArray(body['boms'] ?? null) ? (body['boms'] as readonly Json[]).map(signedStatement) : [];
    const derived = bomStatements(documents);
    boms.forEach(({ envelope }, place) => {
      const own = derived[place] && statementPayload(derived[place].statement);
      if (!own || sha256(own) !== decodeEnvelope(envelope).digest)
        throw invalid('the CycloneDX statement that it signed does not match this run');
    });
    return {
      packRun: [packRun],
      provenance: body['provenance'] === null ? null : signedStatement(body['provenance']),
      summary: body['summary'] === null ? null : signedStatement(body['summary']),
      boms,
    };
  }

  async sealManifest(manifest: BundleManifest, files: readonly BundleFile[]): Promise<SignedStatement> {
    const file = files.find(({ path }) => path === BUNDLE_MANIFEST);
    if (!file) throw new TypeError('the bundle has no manifest');
    const body = await this.ask(runPath(manifest.run, 'manifest'), 'application/json', async () => file.bytes);
    return signedStatement(body['manifest']);
  }

  private async ask(path: string, type: string, bytes: () => Promise<Uint8Array>): Promise<JsonObject> {
    const { url, timeoutMs } = this.options;
    const post = async (token: string) =>
      request(new URL(path, url.endsWith('/') ? url : `${url}/`).href, {
        dispatcher: this.dispatcher,
        timeoutMs,
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body: await bytes(),
      });
    let answer = await post(await this.tokens.token());
    if (answer.status === 401) {
      this.tokens.forget();
      answer = await post(await this.tokens.token());
    }
    if (answer.status === 200) return answer.body;
    throw refusalOf(answer.status, answer.body);
  }
}

function runPath(run: string, what: string): string {
  return `v1/runs/${encodeURIComponent(run)}/${what}`;
}

function refusalOf(status: number, body: JsonObject): AttestorError {
  const said = [body['code'], body['detail']].filter((part) => typeof part === 'string').join(': ');
  const isFinal = status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429;
  return new AttestorError(
    isFinal ? 'ATTESTOR_REFUSED' : 'ATTESTOR_UNAVAILABLE',
    `the Attestor returned status ${status}${said === '' ? '' : ` (${said})`}`,
    isFinal
      ? 'The Attestor checked the run and refused to sign. Its log lists the failed checks. Do not replace it with a key file.'
      : 'No data is lost; the request is retried.',
  );
}

function signedStatement(value: Json | undefined): SignedStatement {
  if (!isJsonObject(value ?? null)) throw invalid('a statement is missing');
  const { envelope, hint } = value as JsonObject;
  if (typeof hint !== 'string' || !isJsonObject(envelope ?? null))
    throw invalid('a statement has no envelope or no hint');
  const { payload, payloadType, signatures } = envelope as JsonObject;
  if (typeof payload !== 'string' || typeof payloadType !== 'string' || !isJsonArray(signatures ?? null))
    throw invalid('an envelope is invalid');
  return { envelope: envelope as unknown as Envelope, hint };
}

function invalid(what: string): AttestorError {
  return new AttestorError(
    'ATTESTOR_ANSWER_INVALID',
    what,
    'Check that the release of the Attestor supports the requests of this worker.',
  );
}

async function collected(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}
