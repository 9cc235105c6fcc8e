import { Injectable, type PipeTransform } from '@nestjs/common';
import { isScheduleId, type ScheduleId } from '@taskrunner/core/foundation';
import { scheduleNotFound } from '@taskrunner/core/operations';

/** A schedule id from a path. Invalid text names no schedule: the same 404 as for a missing one. */
@Injectable()
export class ScheduleIdPipe implements PipeTransform<string, ScheduleId> {
  transform(value: string): ScheduleId {
    if (!isScheduleId(value)) throw scheduleNotFound();
    return value;
  }
}
