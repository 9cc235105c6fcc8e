import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { archivedStatements, ObjectStore, RunReader, type RunId, type TenantId } from '@taskrunner/core';
import type { Request, Response } from 'express';
import { sendObject } from '../artifacts/download';
import { Caller } from '../auth/caller';
import { EXAMPLES } from '../openapi/examples';
import { OF_DOWNLOADS, Operation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from '../problems/problem';
import { RunIdPipe } from '../requests/run-id.pipe';
import { runNotFound } from '../runs/run-not-found';

@ApiTags('evidence')
@Controller('api/runs/:runId')
export class EvidenceController {
  constructor(
    private readonly reader: RunReader,
    private readonly objects: ObjectStore,
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
