// The script of a thread that parses and checks untrusted bodies, one at a time. Its starter ends it if it takes too long; V8 ends it if it
// needs too much memory.
import '../background-thread';
import 'reflect-metadata';
import { answerQuestions } from '@taskrunner/infrastructure/threads';
import { ApiError } from '../problems/problem';
import type { BodyWork } from './body-work';
import { readBody } from './read-body';

answerQuestions((_kind, asked): BodyWork['read']['answer'] => {
  const { name, blocks, mostBeside, isKeyed } = asked as BodyWork['read']['asked'];
  try {
    return { kind: 'read', body: readBody(name, Buffer.concat(blocks), mostBeside, isKeyed) };
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    return { kind: 'refused', code: error.code, detail: error.message, faults: error.faults };
  }
});
