import {
  Injectable,
  createParamDecorator,
  mixin,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { AuthenticatedRequest } from '../auth/caller';
import type { BodyName, BodyOf } from './bodies';
import { BodyReader } from './body-reader';
import type { ReadBody } from './read-body';

/** The body of a route by its name in `BODIES`. */
export type BodyFor<Name extends BodyName> = ReadBody<BodyOf<Name>>;

const RequestOf = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  context.switchToHttp().getRequest<AuthenticatedRequest>(),
);

/** The JSON body of a route. It is read only after the caller is known and authorised; before that a request costs no memory. */
export const JsonBody = (name: BodyName): ParameterDecorator => RequestOf(bodyPipe(name));

function bodyPipe(name: BodyName): Type<PipeTransform> {
  @Injectable()
  class JsonBodyPipe implements PipeTransform {
    constructor(private readonly reader: BodyReader) {}

    async transform(request: AuthenticatedRequest): Promise<ReadBody<unknown>> {
      return this.reader.read(request, name);
    }
  }
  return mixin(JsonBodyPipe);
}
