/** What this process, and with it every test user, can hand on: a machine may have taken some of it away. */
import { readFileSync } from 'node:fs';
import { capabilityMasks } from '../../src/security/capabilities.js';
import { parseBoundingSet } from '../../src/security/choose-capabilities.js';

export const BOUNDING_SET = parseBoundingSet(readFileSync('/proc/self/status', 'utf8'));
/** As /proc/PID/status writes it. */
export const BOUNDING_MASK = capabilityMasks({ bounding: BOUNDING_SET }).bounding.toString(16).padStart(16, '0');
