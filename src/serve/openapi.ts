import { z } from 'zod';
import type { Endpoint } from './endpoint.js';
import { endpoints } from './endpoints/index.js';
import { refusal } from './shape.js';

const refusals: Readonly<Record<string, string>> = {
  400: 'A parameter is missing or wrong',
  401: 'No token, or one that is not valid',
  403: "Somebody else's data",
  404: 'No such user',
  405: 'Not a GET',
  429: 'As many requests of the user are at work as one may have',
  431: 'The address or a header is too long',
  500: 'A defect of the server',
  503: 'The database is not available, or too many requests wait',
};

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
};

/** JSON Schema of an endpoint's answer. */
export const answerSchema = ({ answer }: Endpoint): Record<string, unknown> => schemaOf(answer, 'output');

/**
 * The same for the serializer, which has a word for "or null". A choice of schemas it decides by validating the value
 * against each, which takes longer than all of the rest.
 */
export const serializerSchema = (endpoint: Endpoint): Record<string, unknown> =>
  withNullable(answerSchema(endpoint)) as Record<string, unknown>;

const withNullable = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(withNullable);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { anyOf, ...rest } = schema as { anyOf?: readonly { type?: string }[] };
  const [one, other] = anyOf ?? [];
  const parts = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withNullable(value)]));
  if (anyOf === undefined) return parts;
  return anyOf.length === 2 && other?.type === 'null'
    ? { ...(withNullable(one) as object), ...parts, nullable: true }
    : { ...parts, anyOf: withNullable(anyOf) };
};

/** The OpenAPI 3.1 document, made from the schemas that validate and serialize. */
export const openApi = (version: string, isAuthorised: boolean): Record<string, unknown> => ({
  openapi: '3.1.0',
  info: {
    title: 'arc-gam Community API',
    version,
    description: 'Read-only answers of the Community page from the rollups.',
  },
  paths: Object.fromEntries(
    endpoints.map((endpoint) => [
      `/api/community/${endpoint.name}`,
      {
        get: {
          operationId: endpoint.name,
          summary: endpoint.summary,
          parameters: parametersOf(endpoint),
          responses: {
            200: {
              description: 'The answer',
              headers: {
                ETag: { schema: { type: 'string' } },
                'X-Data-Source': { schema: { type: 'string', enum: ['database', 'mock'] } },
              },
              content: { 'application/json': { schema: answerSchema(endpoint) } },
            },
            304: { description: 'Nothing has changed since the ETag given' },
            ...Object.fromEntries(
              Object.entries(refusals).map(([status, description]) => [
                status,
                {
                  description,
                  content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
                },
              ]),
            ),
          },
        },
      },
    ]),
  ),
  components: {
    schemas: { Refusal: schemaOf(refusal, 'output') },
    ...(isAuthorised ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
  },
  ...(isAuthorised ? { security: [{ bearer: [] }] } : {}),
});

const parametersOf = ({ question }: Endpoint): Record<string, unknown>[] => {
  const { properties = {}, required = [] } = schemaOf(question, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([parameter, { description, ...schema }]) => ({
    name: parameter,
    in: 'query',
    required: required.includes(parameter),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
};
