// A separate entry point: a thread loads this and its own work, and nothing else.
export { answerQuestions } from './lib/planning/answer-questions';
