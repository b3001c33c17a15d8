import { defineDriven } from '../cli/delegate.js';
import { ATTACH } from '../cli/flags/attach.js';

export default defineDriven(ATTACH);
