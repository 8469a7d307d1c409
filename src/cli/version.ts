/** Set by the build from package.json; running from source it is not there. */
declare const TASKGRANT_VERSION: string | undefined;

export const VERSION = typeof TASKGRANT_VERSION === 'string' ? TASKGRANT_VERSION : '0.0.0-source';
