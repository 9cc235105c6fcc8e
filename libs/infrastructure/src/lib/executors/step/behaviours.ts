/**
 * Behaviour versions of the executors (language.md §7, environment digest). A number is raised only when the same step would do
 * something else than before; then a run admitted under the old number is not taken.
 */
export const EXECUTOR_BEHAVIOURS = {
  'builtin:bundle.ingest': 1,
  'builtin:command': 1,
  'builtin:container': 1,
  'builtin:evidence-export': 1,
  'builtin:fail': 1,
  'builtin:http': 1,
  'builtin:noop': 1,
  'builtin:script': 1,
  'builtin:transform': 1,
  'builtin:validate-schema': 1,
  'builtin:wait': 1,
} as const;

/** What `uses` may name, of what is built in. */
export type BuiltinName = keyof typeof EXECUTOR_BEHAVIOURS;
