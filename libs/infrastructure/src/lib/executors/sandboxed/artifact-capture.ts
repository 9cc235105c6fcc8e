import { faultAt, type Fault } from '@taskrunner/core/foundation';
import {
  isStoreOutage,
  type ExecutionRequest,
  type ObjectStore,
  type CollectedArtifact,
  type StagedArtifact,
  type StepSandbox,
  type StepWorkspace,
} from '@taskrunner/core/ports';
import { codeOf } from '../step/executor-error';
import { artifactBytesOf, sizesOf } from '../step/run-sizes';
import { keepArtifacts, reportCaptured, storeArtifact, type ArtifactReport } from '../step/stored-artifact';

const MAX_ENTRIES = 10_000;
const MAX_DEPTH = 32;

/** Stores artifacts of a workspace in the object store. */
export class ArtifactCapture {
  /** `maxBytes`: maximum size of an artifact for runs whose environment does not state one. */
  constructor(
    private readonly sandbox: StepSandbox,
    private readonly objects: ObjectStore,
    private readonly maxBytes: number,
  ) {}

  /**
   * Reports an `artifact.captured` fact for each stored artifact and a note for each that holds a secret. Returns a fault for each that
   * cannot be stored. Call it only when the step has ended. While the object store is unavailable the artifacts stay in the workspace, and
   * the capture is retried.
   */
  async capture(
    request: ExecutionRequest,
    workspace: StepWorkspace,
    report: ArtifactReport,
  ): Promise<readonly Fault[]> {
    if (request.node.artifacts.length === 0) return [];
    return keepArtifacts(request, report, (held) => this.take(request, workspace, held));
  }

  private async take(
    request: ExecutionRequest,
    workspace: StepWorkspace,
    report: ArtifactReport,
  ): Promise<readonly Fault[]> {
    const { run, node } = request;
    const { sandbox } = this;
    const oversized: Fault[] = [];
    const artifacts = node.artifacts.map(({ name, path, mediaType, optional }) => {
      return { name, path, optional, ...(mediaType === null ? {} : { mediaType }) };
    });
    const maxBytes = artifactBytesOf(run, this.maxBytes);
    const limits = { maxEntries: MAX_ENTRIES, maxDepth: MAX_DEPTH, maxBytes: sizesOf(run).workspaceBytes };
    const store = async (artifact: CollectedArtifact): Promise<void> => {
      try {
        await storeArtifact(request, this.objects, artifact, maxBytes, report);
      } catch (error) {
        if (codeOf(error) !== 'OBJECT_TOO_LARGE') throw error;
        oversized.push(tooLarge(artifact.name, maxBytes));
      }
    };
    const asked = { workspace, artifacts, limits };
    // Files that may contain a secret are scanned while they are stored.
    const staging = request.redactor.isIdle ? await this.objects.stage(sandbox.owner) : null;
    if (staging === null) return [...(await sandbox.collect(asked, store)), ...oversized];
    try {
      const take = async ({ file, ...artifact }: StagedArtifact): Promise<void> => {
        await staging.adopt(run.tenant, file);
        reportCaptured(request, artifact, file, report);
      };
      const stage = { folder: staging.folder, maxBytes, take };
      return [...(await sandbox.collect({ ...asked, stage }, store)), ...oversized];
    } catch (error) {
      // The collector may have failed because its folder in the store was removed, which it cannot report itself.
      if (!isStoreOutage(error)) await this.objects.probe(1);
      throw error;
    } finally {
      await staging.close();
    }
  }
}

function tooLarge(name: string, maxBytes: number): Fault {
  const message = `artifact ${JSON.stringify(name)} has more than ${maxBytes} bytes`;
  const remediation = 'Write less data, or raise `artifacts.maxBytes` in the configuration.';
  return faultAt('ARTIFACT_TOO_LARGE', '', message, remediation);
}
