const REASONS: Readonly<Record<string, string>> = {
  OVERLAP: 'An earlier run of the schedule had not ended.',
  ACTIVE_LIMIT: 'As many runs of the schedule as one may have had not ended.',
  MISSED: 'The time had passed before a webservice could take it.',
  SUPERSEDED: 'A later missed time ran in its place.',
  SCHEDULE_ALTERED: 'The schedule was altered in the database.',
  SCHEDULE_UNSIGNED: 'Nobody had signed the schedule. Whoever resumes it takes it over.',
};

/** Why a time was skipped. A code without a text is shown as it is. */
export function tickReason(code: string): string {
  return REASONS[code] ?? code;
}
