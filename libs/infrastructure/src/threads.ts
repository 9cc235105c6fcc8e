// An entry of its own: a thread loads this and its own work, and nothing else of the world.
export { answerQuestions } from './lib/planning/answer-questions';
