import { plannerContract } from '../../../testing/contracts/planner-contract';
import { PlannerHere } from './planning-work';

describe('a planner in the process', () => {
  it.each(plannerContract(async (context) => ({ planner: new PlannerHere(context), close: async () => undefined })))(
    '$name',
    ({ run }) => run(),
  );
});
