import { defineDriven } from '../cli/delegate.js';
import { START } from '../cli/flags/start.js';

export default defineDriven(START);
