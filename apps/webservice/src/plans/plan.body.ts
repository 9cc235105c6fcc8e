import type { Json } from '@taskrunner/core/foundation';
import { IsObject } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { MayBeAbsent } from '../requests/rules';
import { PackBody } from './pack-body';

/** `POST /api/plans`. */
export class PlanBody extends PackBody {}

/** `POST /api/simulations`. */
export class SimulationBody extends PackBody {
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'Outcomes to assume, by step id or pattern.',
  })
  @MayBeAbsent()
  @IsObject()
  script?: { readonly [step: string]: Json };
}
