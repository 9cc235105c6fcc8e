import { Injectable, type PipeTransform } from '@nestjs/common';
import { isRunId, type RunId } from '@taskrunner/core/foundation';
import { runNotFound } from '../runs/run-not-found';

/** A run id from a path. Invalid text names no run: the same 404 as for a missing one. */
@Injectable()
export class RunIdPipe implements PipeTransform<string, RunId> {
  transform(value: string): RunId {
    if (!isRunId(value)) throw runNotFound();
    return value;
  }
}
