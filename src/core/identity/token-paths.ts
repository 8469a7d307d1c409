/** Where programs look for tokens of the pod's account. */

/** Where in-cluster clients do (kubernetes, plugin/pkg/admission/serviceaccount, DefaultAPITokenMountPath). */
export const API_ACCESS_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Under this stands a folder for each token that is not for the API server, with the token in the file `token`. */
export const OTHER_TOKENS_PATH = '/var/run/secrets/taskgrant.dev';
