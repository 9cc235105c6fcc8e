import type { Fault } from '@taskrunner/core/foundation';
import { IsObject, IsString, MaxLength } from 'class-validator';
import { ApiProperty } from '../openapi/described';
import { MayBeAbsent } from '../requests/rules';
import { faultsIn } from '../requests/validated';
import { PackBody } from './pack-body';

/** `POST /api/plans/graph`. */
export class GraphBody extends PackBody {}

/** `POST /api/plans/diff`. */
export class DiffBody {
  /** The members of both packs, so that all faults of a body are reported together. */
  static together(body: Readonly<Record<string, unknown>>): readonly Fault[] {
    return ['before', 'after'].flatMap((name) => {
      const pack = body[name];
      return typeof pack === 'object' && pack !== null && !Array.isArray(pack)
        ? faultsIn(PackBody, pack, `/${name}`)
        : [];
    });
  }

  @ApiProperty({ type: () => PackBody, description: 'The earlier pack with its inputs, as for POST /api/plans.' })
  @IsObject()
  before!: object;

  @ApiProperty({ type: () => PackBody, description: 'The later pack.' })
  @IsObject()
  after!: object;
}

/** `POST /api/scenarios`. */
export class ScenariosBody extends PackBody {
  @ApiProperty({
    required: false,
    description: 'Scenarios as YAML or JSON. The default is tests/ of the pack.',
    example: 'name: the run succeeds\nexpect: { status: succeeded }\n',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(1_048_576)
  scenarios?: string;

  @ApiProperty({ required: false, description: 'Run only scenarios whose name or file name contains this text.' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(200)
  filter?: string;
}
