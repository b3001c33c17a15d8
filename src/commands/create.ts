import { defineDriven } from '../cli/delegate.js';
import { CREATE } from '../cli/flags/create.js';

export default defineDriven(CREATE);
