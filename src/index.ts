/** The public surface of tsrun: everything the command line does, as typed functions. */

export { type BundleOptions, writeBundle } from './api/bundle.js';
export { compileRun } from './api/compile-run.js';
export { type ContainerInspection, type ContainerSummary, containers, inspectContainer, removeContainer } from './api/containers.js';
export { explainFailure } from './api/explain.js';
export { type ImageInspection, type ImageSummary, images, inspectImage, pull, removeImage } from './api/images.js';
export type { CommonOptions, PullEvent, PullOptions, PullPolicy, RunOptions } from './api/options.js';
export { containerPorts, type OpenPort } from './api/port.js';
export { type RunningContainer, run } from './api/run.js';
export { ERROR_CODES, type ErrorCode, TsrunError } from './errors.js';
