import { Module } from '@nestjs/common';
import { FurtherReadiness } from './further-readiness';

/** All modules of an application that import it get the same instance. */
@Module({ providers: [FurtherReadiness], exports: [FurtherReadiness] })
export class FurtherReadinessModule {}
