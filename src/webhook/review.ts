/** AdmissionReview (admission.k8s.io/v1) in and out: everything else here works on what is inside. */
import { z } from 'zod';
import type {
  AdmissionRequest,
  AdmissionResponse,
  AdmissionReview,
  Binding,
  Namespace,
  Pod,
  PodCertificateRequest,
  TokenRequestSpec,
} from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { renderDenial } from '../core/decision/denial.ts';
import { codesOf, type Violation } from '../core/decision/violation.ts';
import type { PatchOperation } from '../core/injection/json-patch.ts';
import { isRecord } from '../core/record.ts';

/** What a reviewer says. */
export type Answer =
  | { allowed: true; patch?: readonly PatchOperation[]; warnings?: readonly string[]; audit?: AuditNotes }
  | { allowed: false; headline: string; violations: readonly Violation[]; audit?: AuditNotes };

/** Written to the API server's audit event of the request, under the webhook's name. */
export interface AuditNotes {
  /** The TaskGrant, by name: it is of the request's namespace. */
  grant?: string;
  /** The decision under which its identity was issued. */
  decision?: string;
  /** What would have been refused, where it was not. */
  violations?: readonly Violation[];
}

/** What a reviewer may know of the call besides the request. */
export interface CallContext {
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** How long the API server waits for the answer, in milliseconds. */
  timeoutMs: number;
  /** How large the review was, in bytes. */
  size: number;
}

/** Judges one kind of request. Changes nothing anywhere: admission may be a dry run, tried again, or refused later. */
export type Reviewer = (request: AdmissionRequest, context: CallContext) => Promise<Answer>;

/** The body is no AdmissionReview, or not of an object that the reviewer is for. */
export class MalformedReview extends Error {
  override readonly name = 'MalformedReview';
}

const groupVersionKind = z.object({ group: z.string(), version: z.string(), kind: z.string() });
const groupVersionResource = z.object({ group: z.string(), version: z.string(), resource: z.string() });
const metadata = z.looseObject({});

/**
 * Of many values, each of which has to be something. zod’s own lists and records make an issue for each that is not, and whoever reaches
 * the port may send millions: one is all that is told.
 */
const isText = (value: unknown): value is string => typeof value === 'string';
const listOf = <Item>(isItem: (value: unknown) => value is Item, what: string) =>
  z.custom<Item[]>((value) => Array.isArray(value) && value.every(isItem), `expected a list of ${what}`);
const mapOf = <Value>(isValue: (value: unknown) => value is Value, what: string) =>
  z.custom<Record<string, Value>>(
    (value) => isRecord(value) && Object.values(value).every(isValue),
    `expected a map of ${what}`,
  );
const texts = listOf(isText, 'strings');
const isTexts = (value: unknown): value is string[] | null =>
  value === null || texts.safeParse(value).success;

/** Go writes an empty list as null where it does not leave it out. */
const orNone = <Item>(list: z.ZodType<Item[]>) => list.nullish().transform((items) => items ?? []);

const reviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1),
    kind: groupVersionKind,
    resource: groupVersionResource,
    subResource: z.string().exactOptional(),
    name: z.string().exactOptional(),
    namespace: z.string().exactOptional(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    userInfo: z.object({
      username: z.string().exactOptional(),
      uid: z.string().exactOptional(),
      groups: texts.exactOptional(),
      extra: mapOf(isTexts, 'lists of strings')
        .transform((lists) =>
          Object.fromEntries(Object.entries(lists).map(([key, values]) => [key, values ?? []])),
        )
        .exactOptional(),
    }),
    object: z.unknown().optional(),
    oldObject: z.unknown().optional(),
    dryRun: z.boolean().exactOptional(),
  }),
});

const podSchema = z.looseObject({
  metadata,
  // A pod without containers is refused later on, with a good message.
  spec: z.looseObject({ containers: orNone(listOf(isRecord, 'objects')) }),
});

const bindingSchema = z.looseObject({ metadata, target: z.looseObject({}) });
const tokenRequestSchema = z.looseObject({
  // Empty before the API server has filled in its own, which comes after mutation.
  spec: z.looseObject({ audiences: orNone(texts) }),
});
const certificateRequestSchema = z.looseObject({
  spec: z.looseObject({
    signerName: z.string(),
    podName: z.string(),
    podUID: z.string(),
    serviceAccountName: z.string(),
    maxExpirationSeconds: z.number().exactOptional(),
    unverifiedUserAnnotations: mapOf(isText, 'strings').exactOptional(),
  }),
});
const namespaceSchema = z.looseObject({ metadata });
const classSchema = z.looseObject({ spec: z.looseObject({}) });
const grantSchema = z.looseObject({ metadata, spec: z.looseObject({}) });

/** @throws MalformedReview */
export function parseReview(body: unknown): AdmissionRequest {
  return parse(reviewSchema, body, 'the body is no AdmissionReview').request;
}

/**
 * A pod as the API server sends it. Its schema is the API server's business; what is looked at here is only what would
 * make reading it fail.
 * @throws MalformedReview
 */
export function podIn(object: unknown): Pod {
  return parse(podSchema, object, 'the object is no pod') as unknown as Pod;
}

/** @throws MalformedReview */
export function bindingIn(object: unknown): Binding {
  return parse(bindingSchema, object, 'the object is no Binding') as unknown as Binding;
}

/**
 * What a TokenRequest asks for.
 * @throws MalformedReview
 */
export function tokenRequestIn(object: unknown): TokenRequestSpec {
  return parse(tokenRequestSchema, object, 'the object is no TokenRequest').spec;
}

/**
 * What a PodCertificateRequest asks for.
 * @throws MalformedReview
 */
export function certificateRequestIn(object: unknown): PodCertificateRequest['spec'] {
  return parse(certificateRequestSchema, object, 'the object is no PodCertificateRequest').spec;
}

/** @throws MalformedReview */
export function namespaceIn(object: unknown): Namespace {
  return parse(namespaceSchema, object, 'the object is no Namespace') as unknown as Namespace;
}

/**
 * What a TaskGrantClass says.
 * @throws MalformedReview
 */
export function classIn(object: unknown): Pick<TaskGrantClass, 'spec'> {
  return parse(classSchema, object, 'the object is no TaskGrantClass') as unknown as TaskGrantClass;
}

/**
 * A TaskGrant as the API server sends it for validation: what fails the CRD's schema never gets there.
 * @throws MalformedReview
 */
export function grantIn(object: unknown): TaskGrant {
  return parse(grantSchema, object, 'the object is no TaskGrant') as unknown as TaskGrant;
}

/**
 * A TaskGrant as the API server sends it for mutation, which comes before the CRD's schema: nothing of its spec has been
 * looked at yet. Undefined where there is none to fill in.
 */
export function authoredGrantIn(object: unknown): TaskGrant | undefined {
  const { success, data } = grantSchema.safeParse(object);
  return success ? (data as unknown as TaskGrant) : undefined;
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, problem: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new MalformedReview(`${problem}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

/** Answers the request with this uid. */
export function reviewOf(uid: string, answer: Answer): AdmissionReview {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: responseOf(uid, answer) };
}

function responseOf(uid: string, answer: Answer): AdmissionResponse {
  const auditAnnotations = annotationsOf(answer);
  if (!answer.allowed) {
    const message = renderDenial(answer.headline, answer.violations);
    return { uid, allowed: false, status: { code: 403, reason: 'Forbidden', message }, auditAnnotations };
  }
  const { patch = [], warnings = [] } = answer;
  return {
    uid,
    allowed: true,
    ...(patch.length > 0 && {
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    }),
    ...(warnings.length > 0 && { warnings: warnings.map(shortened) }),
    auditAnnotations,
  };
}

/** No answer could be found: a no as well, but one that trying again may turn into a yes. */
export function failureOf(uid: string): AdmissionReview {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: false,
      status: {
        code: 500,
        reason: 'InternalError',
        message:
          'TaskGrant could not judge the request, and so refuses it; its webhook’s log says why. Try again.',
      },
    },
  };
}

function annotationsOf(answer: Answer): Record<string, string> {
  const { grant, decision, violations = [] } = answer.audit ?? {};
  const codes = codesOf(answer.allowed ? violations : answer.violations);
  return {
    ...(grant !== undefined && { grant }),
    ...(decision !== undefined && { decision }),
    ...(codes.length > 0 && { violations: codes.join(',') }),
  };
}

/** Clients cut longer ones (k8s.io/api/admission/v1, AdmissionResponse.warnings). */
const MAX_WARNING_LENGTH = 120;

function shortened(warning: string): string {
  return warning.length <= MAX_WARNING_LENGTH ? warning : `${warning.slice(0, MAX_WARNING_LENGTH - 1)}…`;
}
