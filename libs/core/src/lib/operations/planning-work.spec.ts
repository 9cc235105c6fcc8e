import { plannerContract } from '../../testing/planner-contract';
import { PlannerHere } from './planning-work';

describe('a planner in the process', () => {
  it.each(plannerContract(async (ground) => ({ planner: new PlannerHere(ground), close: async () => undefined })))(
    '$name',
    ({ run }) => run(),
  );
});
