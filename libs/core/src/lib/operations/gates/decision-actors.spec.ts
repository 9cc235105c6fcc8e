import { decodeEnvelope } from '../../evidence/encoding/envelope';
import { readDecision } from '../../evidence/records/read-documents';
import type { Principal } from '../../foundation/principal';
import { storedDecision } from '../../../testing/stored-documents';
import {
  acting,
  aDecision,
  aRow,
  deciding,
  grace,
  ISS,
  NOW,
  program,
  RecordingStore,
  recordOf,
} from '../../../testing/deciding';
import { objectionTo } from './decision-checks';

describe('a decision', () => {
  it('tells who acted, in its record, letter and audit row, also if nobody did', async () => {
    const actors = [program('bot'), acting('mary')];
    for (const chain of [actors, []]) {
      const row = aRow({}, { actors: [{ iss: ISS, sub: 'bot' }] });
      const store = new RecordingStore(row);
      const { receipt } = await deciding(store)(aDecision(row), { ...grace, actors: chain });
      expect(recordOf(receipt)).toHaveProperty('actors', chain);
      expect(readDecision(decodeEnvelope(receipt).payload)).toMatchObject({ actors: chain });
      expect(store.signed[0]).toMatchObject({ message: { decision: { actors: chain } }, audit: { actors: chain } });
    }
  });

  it('of a person counts once, whether the person decided or acted', async () => {
    const open = aRow({ required: 2 });
    const store = new RecordingStore(open);
    const { receipt } = await deciding(store)(aDecision(open), { ...grace, actors: [acting('linus')] });
    const decisions = [storedDecision(receipt)];
    const counted = aRow({ required: 2, approvals: 1, decisions });
    const again = (who: Partial<Principal>) =>
      deciding(new RecordingStore(counted))(aDecision(counted), { ...grace, ...who });
    await expect(again({ sub: 'linus' })).rejects.toMatchObject({ code: 'GATE_ALREADY_COUNTED' });
    await expect(again({ sub: 'mary', actors: [acting('grace')] })).rejects.toMatchObject({
      code: 'GATE_ALREADY_COUNTED',
    });
    expect(await again({ actors: [acting('linus')] })).toMatchObject({ receipt });
  });

  it('is not answered with its first record through an actor who may not decide', async () => {
    const open = aRow();
    const store = new RecordingStore(open);
    const { receipt } = await deciding(store)(aDecision(open));
    const decisions = [storedDecision(receipt)];
    const counted = aRow({ required: 2, approvals: 1, decisions });
    const through = deciding(new RecordingStore(counted))(aDecision(counted), { ...grace, actors: [acting('ada')] });
    await expect(through).rejects.toMatchObject({ code: 'GATE_SELF_APPROVAL' });
  });

  it('is not offered to who may not make it', () => {
    const row = aRow({}, { actors: [{ iss: ISS, sub: 'bot' }] });
    const why = (...actors: Principal['actors']) => objectionTo({ ...grace, actors }, row, NOW);
    expect(why()).toBeNull();
    expect(why(program('bot'))).toBeNull();
    expect(why(acting('ada'))).toBe('GATE_SELF_APPROVAL');
    expect(why(program('other'))).toBe('GATE_NOT_A_PERSON');
  });
});
