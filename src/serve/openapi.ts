import { z } from 'zod';
import { answers, refusal } from './answer.js';
import { type EndpointName, questions } from './question.js';

const summaries: Record<EndpointName, string> = {
  weekly: 'Weekly Pulse: recap, momentum, boards and recommendations',
  quests: 'Quests of the running week and progress in them',
  radar: 'Opportunity Radar: taps by hour, who is around, surges nearby',
  health: 'Relationship Health: strongest and fading ties',
};

const refusals: Readonly<Record<string, string>> = {
  400: 'A parameter is missing or wrong',
  401: 'No token, or one that is not valid',
  403: "Somebody else's data",
  404: 'No such user',
  405: 'Not a GET',
  503: 'The database is not available, or too many requests wait',
};

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
};

/** JSON Schema of an endpoint's answer, as the serializer needs it. */
export const answerSchema = (name: EndpointName): Record<string, unknown> =>
  schemaOf(answers[name], 'output');

/** The OpenAPI 3.1 document, made from the schemas that validate and serialize. */
export const openApi = (version: string, isAuthorised: boolean): Record<string, unknown> => ({
  openapi: '3.1.0',
  info: {
    title: 'arc-gam Community API',
    version,
    description: 'Read-only answers of the Community page from the rollups.',
  },
  paths: Object.fromEntries(
    (Object.keys(questions) as EndpointName[]).map((name) => [
      `/api/community/${name}`,
      {
        get: {
          operationId: name,
          summary: summaries[name],
          parameters: parametersOf(name),
          responses: {
            200: {
              description: 'The answer',
              headers: {
                ETag: { schema: { type: 'string' } },
                'X-Data-Source': { schema: { type: 'string', enum: ['database', 'mock'] } },
              },
              content: { 'application/json': { schema: answerSchema(name) } },
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

const parametersOf = (name: EndpointName): Record<string, unknown>[] => {
  const { properties = {}, required = [] } = schemaOf(questions[name], 'input') as {
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
