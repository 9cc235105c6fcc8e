import { faultAt, isDigest, type Fault } from '@taskrunner/core/foundation';
import type {
  ArtifactStage,
  CollectedArtifact,
  CollectLimits,
  DeclaredArtifact,
  Collection,
} from '@taskrunner/core/ports';
import type { FrameHeader } from './collector-process/protocol';
import { FrameReader, Handoff } from './frame-reader';
import type { Sandbox } from './sandbox';
import { refusal, REMEDIES, systemCode } from './launch/sandbox-error';
import type { Supervisor } from './supervisor';
import { TreeArchive } from './workspace/tree-archive';

/** Smaller files are cheaper to send as a stream. */
const STAGED_FROM = 1024 * 1024;

export const DEFAULT_COLLECT_LIMITS: CollectLimits = { maxEntries: 10_000, maxDepth: 32, maxBytes: 1024 * 1024 * 1024 };

/**
 * Collects the declared artifacts of a workspace in order, through a separate process that sees nothing else. It may run only after the
 * step has ended. `sink` receives each artifact as it arrives; unread bytes are skipped. Resolves with a fault for each artifact that is
 * missing (`ARTIFACT_MISSING`), not a plain file (`ARTIFACT_REFUSED`) or over a limit (`ARTIFACT_TOO_LARGE`); the others are collected.
 * With a `stage`, artifacts that are single files of 1 MiB or more are written to its folder instead; a file that cannot be written there
 * goes to the sink. Rejects with `COLLECTOR_FAILED`, or with the error of the sink or the stage.
 */
export async function collect(
  request: Collection & { readonly supervisor: Pick<Supervisor, 'run'>; readonly sandbox: Sandbox },
  sink: (artifact: CollectedArtifact) => Promise<void>,
): Promise<readonly Fault[]> {
  const { supervisor, sandbox, workspace, artifacts, stage = null } = request;
  if (artifacts.length === 0) return [];
  const { maxEntries, maxDepth, maxBytes } = request.limits ?? DEFAULT_COLLECT_LIMITS;
  const wanted = {
    artifacts: artifacts.map(({ path, optional = false }) => ({ path, optional })),
    limits: { maxEntries, maxDepth, maxBytes },
    stage: stage && { minBytes: STAGED_FROM, maxBytes: stage.maxBytes },
  };
  const launch = sandbox.inspect('collector-process', workspace, wanted, stage?.folder ?? null);
  const answer = new Handoff();
  let said = '';
  const child = await supervisor.run(launch, {
    onOutput: async (stream, chunk) => {
      // A copy, because artifacts refer to the chunk after its buffer was reused.
      if (stream === 'stdout') await answer.push(new Uint8Array(chunk));
      else said = (said + new TextDecoder().decode(chunk)).slice(0, 2_000);
    },
  });
  const over = child.exit.finally(() => answer.end());
  // `over` may reject while frames are awaited. An unhandled rejection would end the worker.
  over.catch(() => undefined);
  try {
    const faults = await receive(new FrameReader(answer), artifacts, sink, stage);
    const { code } = await over;
    if (code !== 0) throw refusal('COLLECTOR_FAILED', `the collector exited with ${code}`);
    return faults;
  } catch (error) {
    void drain(answer);
    await child.stop(0).catch(() => undefined);
    if (systemCode(error) === 'COLLECTOR_FAILED' && said !== '')
      throw refusal('COLLECTOR_FAILED', `the collector failed: ${said.trim()}`, { cause: error });
    throw error;
  }
}

async function receive(
  frames: FrameReader,
  artifacts: readonly DeclaredArtifact[],
  sink: (artifact: CollectedArtifact) => Promise<void>,
  stage: ArtifactStage | null,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const places = new Map<number, number>();
  const placeOf = (artifact: number, { path }: DeclaredArtifact): number | null => {
    const place = places.get(artifact) ?? 0;
    places.set(artifact, place + 1);
    return path.includes('*') ? place : null;
  };
  for (;;) {
    const header = (await frames.header()) as FrameHeader;
    if (header.type === 'end') return faults;
    const declared = artifacts[header.artifact];
    if (declared === undefined)
      throw refusal('COLLECTOR_FAILED', 'the collector returned an artifact that was not requested');
    const { name, mediaType } = declared;
    switch (header.type) {
      case 'fault':
        faults.push(faultOf(header, name));
        break;
      case 'file': {
        const content = frames.bytes(header.size);
        await sink({
          name,
          path: header.path,
          mediaType: mediaType ?? 'application/octet-stream',
          size: header.size,
          index: placeOf(header.artifact, declared),
          content: once(content),
        });
        for await (const _ of content);
        break;
      }
      case 'staged': {
        const { path, file, digest, size } = header;
        if (stage === null || !isDigest(digest))
          throw refusal('COLLECTOR_FAILED', 'the collector staged a file that was not requested');
        await stage.take({
          name,
          path,
          mediaType: mediaType ?? 'application/octet-stream',
          index: placeOf(header.artifact, declared),
          file: { name: file, digest, size },
        });
        break;
      }
      case 'tar-begin': {
        const archive = new TreeArchive();
        const path = `${header.path}/`;
        const received = receiveTree(frames, archive);
        const sunk = sink({
          name,
          path,
          mediaType: mediaType ?? 'application/x-tar',
          size: null,
          index: null,
          content: archive.content,
        });
        await Promise.all([received, sunk.finally(() => archive.abandon())]);
        break;
      }
      default:
        throw refusal('COLLECTOR_FAILED', `the collector sent ${header.type} outside of a tar`);
    }
  }
}

async function receiveTree(frames: FrameReader, archive: TreeArchive): Promise<void> {
  try {
    for (;;) {
      const header = (await frames.header()) as FrameHeader;
      if (header.type === 'folder') await archive.folder(header.path);
      else if (header.type === 'file')
        await archive.file(header.path, header.size, header.executable, frames.bytes(header.size));
      else if (header.type === 'tar-end') return archive.end();
      else throw refusal('COLLECTOR_FAILED', `the collector sent ${header.type} inside of a tar`);
    }
  } catch (error) {
    archive.abandon(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** An iteration that a reader may leave without closing the underlying one. */
function once(content: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => content.next() }) };
}

async function drain(answer: Handoff): Promise<void> {
  while ((await answer.next()) !== null);
}

function faultOf(header: Extract<FrameHeader, { type: 'fault' }>, name: string): Fault {
  const message = `artifact ${JSON.stringify(name)}: ${JSON.stringify(header.path)} ${header.message}`;
  return faultAt(header.code, `/artifacts/${header.artifact}`, message, REMEDIES[header.code]);
}
