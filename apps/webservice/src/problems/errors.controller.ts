import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '../openapi/described';
import { EXAMPLES } from '../openapi/examples';
import { PublicOperation } from '../openapi/operation';
import { ref } from '../openapi/schemas';
import { ApiError } from './problem';
import { isProblemCode, PROBLEMS } from '@taskrunner/core/operations';

/** The target of the `type` of a problem. */
@ApiTags('errors')
@Controller('errors')
export class ErrorsController {
  @Get(':code')
  @PublicOperation(
    'getErrorCode',
    'Get the meaning of an error code',
    [{ status: 200, description: 'The error code.', schema: ref('ErrorCode'), example: EXAMPLES.errorCode }],
    ['ROUTE_NOT_FOUND'],
  )
  get(@Param('code') code: string) {
    if (!isProblemCode(code)) throw new ApiError('ROUTE_NOT_FOUND', 'the error code does not exist');
    const { status, title, remediation, retryable } = PROBLEMS[code];
    return { code, status, title, remediation, retryable: retryable ?? false };
  }
}
