import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  archivedStatements,
  ObjectStore,
  ReleaseEvidence,
  RunReader,
  type RunId,
  type TenantId,
} from '@taskrunner/core';
import type { Request, Response } from 'express';
import { sendObject } from '../artifacts/download';
import { Caller } from '../auth/caller';
import { EXAMPLES } from '../openapi/examples';
import { OF_DOWNLOADS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { JsonBody, type BodyFor } from '../requests/json-body';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';
import { ReleaseBody } from './release.body';

@ApiTags('evidence')
@Controller('api/runs/:runId')
export class EvidenceController {
  constructor(
    private readonly reader: RunReader,
    private readonly objects: ObjectStore,
    private readonly release: ReleaseEvidence,
  ) {}

  @Get('attestations')
  @Operation({
    id: 'getAttestations',
    summary: 'The signed statements of a run that has ended',
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
    return { statements: await archivedStatements(this.objects, principal.tenant, sealed) };
  }

  @Get('evidence')
  @Operation({
    id: 'getEvidence',
    summary: 'The evidence bundle of a run that has ended',
    description: 'A tar that `taskrunner verify` checks with no network.',
    scopes: ['packs.read'],
    limit: 'download',
    headers: { Range: 'bytes=first-last' },
    answers: [
      {
        status: 200,
        description: 'The bundle.',
        schema: { type: 'string', format: 'binary' },
        mediaType: 'application/x-tar',
        example: 'bytes',
      },
      {
        status: 206,
        description: 'The range.',
        schema: { type: 'string', format: 'binary' },
        mediaType: 'application/x-tar',
      },
      { status: 304, description: 'Still as it was.', schema: null },
    ],
    codes: ['RUN_NOT_FOUND', 'EVIDENCE_NOT_SEALED', 'OBJECT_RANGE', ...OF_DOWNLOADS],
  })
  async bundle(
    @Caller() { principal }: Caller,
    @Param('runId', RunIdPipe) runId: RunId,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { bundle, size } = await this.sealed(principal.tenant, runId);
    const fileName = `${runId}.evidence.tar`;
    await sendObject(this.objects, request, response, {
      tenant: principal.tenant,
      digest: bundle,
      size,
      fileName,
      mediaType: 'application/x-tar',
    });
  }

  @Post('evidence/release')
  @Operation({
    id: 'releaseEvidence',
    summary: 'Let evidence be sealed whose seal is blocked',
    description:
      'A seal is blocked where a secret stands in a file of the bundle, or where rows were altered; then `evidence.status` is `blocked` and `evidence.reason` says why. After the cause was removed, release it without `paths`: the seal is tried again. Else name the files to withhold: a notice stands in place of each, the statement names it under `exceptions`, and the signed release goes into the bundle. Pack files can be withheld and the bundle verifies, by their digests; without any other file the checks that need it fail.',
    scopes: ['packs.admin'],
    limit: 'decide',
    body: { type: ReleaseBody, example: EXAMPLES.release },
    answers: [
      { status: 200, description: 'The seal is tried again.', schema: ref('Release'), example: EXAMPLES.released },
    ],
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
    if (found) return found;
    const run = await this.reader.summary(tenant, runId);
    if (!run) throw runNotFound();
    const after = run.finishedAt === null ? '5' : '1';
    throw new ApiError('EVIDENCE_NOT_SEALED', `the run is ${run.status}, its evidence ${run.evidence.status}`, [], {
      'Retry-After': after,
    });
  }
}
