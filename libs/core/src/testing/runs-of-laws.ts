/** How often a law is tried: in a change 500 times, nightly as often as `TASKRUNNER_PROPERTY_RUNS` says. */
export const LAW_RUNS = Number(process.env['TASKRUNNER_PROPERTY_RUNS'] ?? 500);
