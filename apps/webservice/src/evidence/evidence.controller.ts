import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import { archivedStatements, ComparedRuns, ObjectStoreHealth, ReleaseEvidence } from '@taskrunner/core/operations';
import { ObjectStore, RunReader, type RunSummary } from '@taskrunner/core/ports';
import type { Request, Response } from 'express';
import { sendObject } from '../artifacts/download';
import { Caller } from '../auth/caller';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { downloads, IF_NONE_MATCH, OF_DOWNLOADS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';
import { ReleaseBody } from './release.body';

const TAR = 'application/x-tar';

@ApiTags('evidence')
@Controller('api/runs/:runId')
export class EvidenceController {
  constructor(
    private readonly reader: RunReader,
    private readonly objects: ObjectStore,
    private readonly release: ReleaseEvidence,
    private readonly compared: ComparedRuns,
    private readonly storeHealth: ObjectStoreHealth,
  ) {}

  @Get('attestations')
  @Operation({
    id: 'getAttestations',
    summary: 'Get the signed statements of an ended run',
    scopes: ['packs.read'],
    limit: 'read',
    answers: [
      {
        status: 200,
        description: 'Sigstore bundles by name.',
        schema: ref('Attestations'),
        example: EXAMPLES.attestations,
      },
    ],
    codes: ['RUN_NOT_FOUND', 'EVIDENCE_NOT_SEALED', ...OF_DOWNLOADS],
  })
  async attestations(@Caller() { principal }: Caller, @Param('runId', RunIdPipe) runId: RunId) {
    const sealed = await this.sealed(principal.tenant, runId);
    return { statements: await archivedStatements(this.objects, { tenant: principal.tenant, run: runId }, sealed) };
  }

  @Get('evidence')
  @Operation({
    id: 'getEvidence',
    summary: 'Download the evidence bundle of an ended run',
    description: 'A tar file that `taskrunner verify` verifies offline.',
    scopes: ['packs.read'],
    limit: 'download',
    headers: { Range: 'One byte range, as `bytes=first-last`.', ...IF_NONE_MATCH },
    answers: downloads('The bundle.', TAR),
    codes: ['RUN_NOT_FOUND', 'EVIDENCE_NOT_SEALED', 'OBJECT_RANGE', ...OF_DOWNLOADS],
  })
  async bundle(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { tenant } = principal;
    const { bundle: digest, size } = await this.sealed(tenant, runId);
    const fileName = `${runId}.evidence.tar`;
    await sendObject(this.objects, request, response, { tenant, run: runId, digest, size, mediaType: TAR, fileName });
  }

  @Post('evidence/release')
  @Operation({
    id: 'releaseEvidence',
    summary: 'Retry the seal of blocked evidence',
    description:
      'A seal is blocked if a file of the bundle contains a secret, or if database rows were altered. Then `evidence.status` is `blocked`, and `evidence.reason` gives the reason. If the cause was removed, send the request without `paths` to retry the seal. Otherwise list the files to withhold in `paths`. A notice replaces each withheld file, the statement lists it under `exceptions`, and the bundle contains the signed release. A bundle without pack files still verifies, by their digests. If any other file is withheld, the checks that need it fail.',
    scopes: ['packs.admin'],
    limit: 'decide',
    body: { type: ReleaseBody, example: EXAMPLES.release },
    answers: [{ status: 200, description: 'The seal is retried.', schema: ref('Release'), example: EXAMPLES.released }],
    codes: ['RUN_NOT_FOUND', 'EVIDENCE_NOT_BLOCKED', 'RELEASE_PATH_INVALID'],
  })
  async releaseEvidence(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @JsonBody('releaseEvidence') { value }: BodyFor<'releaseEvidence'>,
    @Res() response: Response,
  ) {
    const { paths = [], reason } = value;
    const receipt = await this.release.release(principal, { runId, paths, reason });
    response.status(200).json({ runId, paths: [...new Set(paths)].sort(), receipt });
  }

  private async sealed(tenant: TenantId, runId: RunId) {
    const found = await this.reader.evidence(tenant, runId);
    if (found) {
      await this.compared.compareEvidence(tenant, runId);
      return found;
    }
    const run = await this.reader.summary(tenant, runId);
    if (!run) throw runNotFound();
    const after = run.finishedAt === null ? '5' : '1';
    throw new ApiError('EVIDENCE_NOT_SEALED', this.whyUnsealed(run), [], { 'Retry-After': after });
  }

  /**
   * A worker that has no object store takes no seals, so no row says why evidence is pending. The store is probed in the background: one that
   * does not answer must not delay this answer.
   */
  private whyUnsealed({ status, evidence }: RunSummary): string {
    const why = `the run is ${status}, and its evidence is ${evidence.status}`;
    if (evidence.status !== 'pending') return why;
    void this.storeHealth.check();
    const { outage } = this.storeHealth;
    return outage === null ? why : `${why}: the object store does not accept writes (${outage.code})`;
  }
}
