import { defineDriven } from '../cli/delegate.js';
import { EXEC } from '../cli/flags/exec.js';

export default defineDriven(EXEC);
