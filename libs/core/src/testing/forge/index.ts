export { cellOf, HOLDERS, type Attempt, type Holder } from './attempt';
export { SCENARIOS } from './packs';
export { forge, type Round, type RoundOptions, type Tried } from './round';
export { compared, readResiduals, SECTION, type Difference, type Residuals } from './residuals';
