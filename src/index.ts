/** The public surface of tsrun: everything the command line does, as typed functions. */

export { type BundleOptions, writeBundle } from './api/bundle.js';
export { compileRun } from './api/compile-run.js';
export type { ContainerDetails, ContainerMountSummary, ContainerPort } from './api/container-details.js';
export {
  type ContainerInspection,
  type ContainerSummary,
  containers,
  inspectContainer,
  removeContainer,
  sizeOfContainer,
} from './api/containers.js';
export { type DockerContainer, dockerContainer } from './api/docker-container.js';
export { explainFailure } from './api/explain.js';
export { type ImageInspection, type ImageSummary, images, inspectImage, pull, removeImage } from './api/images.js';
export type { CommonOptions, PullEvent, PullOptions, PullPolicy, RunOptions } from './api/options.js';
export { type RunningContainer, run } from './api/run.js';
export { ERROR_CODES, type ErrorCode, TsrunError } from './errors.js';
