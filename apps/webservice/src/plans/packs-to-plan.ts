import { Injectable } from '@nestjs/common';
import type { TenantId } from '@taskrunner/core/foundation';
import {
  embedInnerPacks,
  PackJudge,
  PackLibrary,
  PackPlanner,
  resolveFileInputs,
  signersOf,
  toSuppliedInputs,
  type PackSource,
  type ResolvedFileInputs,
} from '@taskrunner/core/operations';
import { Uploads } from '@taskrunner/core/ports';
import { PackIntake } from '../packs/pack-intake';
import type { PackRequest, SentPack } from './pack-request';

/** A pack with the published packs that it uses, and its verified signers. */
interface PackToPlan {
  readonly source: PackSource;
  readonly signers: readonly string[];
}

/** Prepares the packs of requests for routes that only plan. */
@Injectable()
export class PacksToPlan {
  constructor(
    private readonly intake: PackIntake,
    private readonly judge: PackJudge,
    private readonly library: PackLibrary,
    readonly uploads: Uploads,
    readonly planner: PackPlanner,
  ) {}

  /** Rejects like `PackIntake`, the library and the planner. */
  async take(tenant: TenantId, sentPack: SentPack): Promise<PackToPlan> {
    const { source: sent, signatures } = await this.intake.take(tenant, sentPack);
    const { source } = await embedInnerPacks(tenant, sent, {
      resolve: (asking, reference) => this.library.resolve(asking, reference),
      uses: (asking, user) => this.planner.uses(asking, user),
    });
    return { source, signers: await signersOf(this.judge, this.planner, tenant, source, signatures) };
  }

  /** With the inputs of the request. Files with a given size need not be uploaded, because nothing runs. */
  async takeWithInputs(tenant: TenantId, { pack, inputs }: PackRequest): Promise<PackToPlan & ResolvedFileInputs> {
    const taken = await this.take(tenant, pack);
    const supplied = { source: taken.source, inputs: toSuppliedInputs(inputs) };
    return { ...taken, ...(await resolveFileInputs(this, tenant, supplied, false)) };
  }
}
