declare module 'virtual:default-setting' {
  import type { PlanningSetting } from '@taskrunner/core/operations';

  const setting: PlanningSetting;
  export default setting;
}
