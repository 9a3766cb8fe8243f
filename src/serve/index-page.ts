/** What the page reads of a JSON Schema. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

interface Content {
  readonly content?: { readonly 'application/json': { readonly schema: Schema } };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

/** What the page reads of the OpenAPI document. */
interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
  readonly components: { readonly schemas: { readonly Refusal: Schema } };
  readonly security?: unknown;
}

/**
 * The OpenAPI document as a page for people: HTML without a script or a style of its own, so that the policy of the
 * Community page is good for it too. Every text of the document is escaped.
 */
export const indexPage = (document: Record<string, unknown>): string => {
  const { info, paths, components, security } = document as unknown as Document;
  const operations = Object.entries(paths).map(([path, { get }]) => ({ path, ...get }));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${textOf(info.title)}</title>
    <link rel="icon" href="../icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="../community.css">
    <link rel="stylesheet" href="../reference.css">
  </head>
  <body>
    <main class="wrap reference">
      <h1>${textOf(info.title)}</h1>
      <p class="quiet">Version ${textOf(info.version)}. ${textOf(info.description)} For programs: <a href="openapi.json">openapi.json</a>. For members: <a href="../">the Community page</a>.</p>
      <p>${
        security === undefined
          ? 'This server asks nobody who they are: it answers on this machine only.'
          : 'Send <code>Authorization: Bearer TOKEN</code>: a token about the user_id that is asked for, or the service token of a backend.'
      } Ask again with <code>If-None-Match</code> and the <code>ETag</code> of the last answer: where nothing has changed, 304 says so at little cost.</p>
      <nav aria-label="Endpoints">
        <ul>
${operations.map(({ operationId, path, summary }) => `          <li><a href="#${textOf(operationId)}"><code>${textOf(path)}</code></a> ${textOf(summary)}</li>`).join('\n')}
        </ul>
      </nav>
${operations.map(section).join('\n')}
      <section class="card" aria-labelledby="refusals">
        <h2 id="refusals">Refusals</h2>
        <p>What is no answer says why in two fields.</p>
        ${fieldTable('The fields of a refusal', fieldsOf(components.schemas.Refusal))}
      </section>
    </main>
  </body>
</html>
`;
};

const section = ({
  path,
  operationId,
  summary,
  parameters,
  responses,
}: Operation & { path: string }): string => {
  const answer = responses['200']?.content?.['application/json'].schema ?? {};
  return `      <section class="card" aria-labelledby="${textOf(operationId)}">
        <h2 id="${textOf(operationId)}">${textOf(summary)}</h2>
        <p><code>GET ${textOf(path)}</code></p>
        ${table(
          `Parameters of ${operationId}`,
          ['Parameter', 'Value', 'Meaning'],
          parameters.map(({ name, required, description, schema }) => [
            `<code>${textOf(name)}</code>${required ? ' (required)' : ''}`,
            textOf(typeOf(schema)),
            textOf(description ?? ''),
          ]),
        )}
        <details>
          <summary>Fields of the answer</summary>
          ${fieldTable(`Fields of the answer of ${operationId}`, fieldsOf(answer))}
        </details>
        <details>
          <summary>Statuses</summary>
          ${table(
            `Statuses of ${operationId}`,
            ['Status', 'When'],
            Object.entries(responses).map(([status, { description }]) => [status, textOf(description)]),
          )}
        </details>
      </section>`;
};

interface Field {
  /** For example quests[].title. */
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

/** The fields of a schema with those inside them, each under its whole name. */
const fieldsOf = (schema: Schema, prefix = ''): Field[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const whole = `${prefix}${name}${schema.required?.includes(name) === false ? '?' : ''}`;
    const { inner, suffix } = insideOf(field);
    return [
      { name: whole, type: typeOf(field), description: field.description ?? '' },
      ...fieldsOf(inner, `${whole}${suffix}.`),
    ];
  });

/** What is inside lists and beside null. */
const insideOf = (schema: Schema): { inner: Schema; suffix: string } => {
  if (schema.items !== undefined) {
    const { inner, suffix } = insideOf(schema.items);
    return { inner, suffix: `[]${suffix}` };
  }
  const other = schema.anyOf?.find(({ type }) => type !== 'null');
  return other === undefined ? { inner: schema, suffix: '' } : insideOf(other);
};

const typeOf = (schema: Schema): string => {
  if (schema.enum !== undefined) return schema.enum.join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  const type = schema.format ?? [schema.type ?? 'any JSON'].flat().join(' | ');
  return schema.default === undefined ? type : `${type}, default ${String(schema.default)}`;
};

const fieldTable = (caption: string, fields: readonly Field[]): string =>
  table(
    caption,
    ['Field', 'Value', 'Meaning'],
    fields.map(({ name, type, description }) => [
      `<code>${textOf(name)}</code>`,
      textOf(type),
      textOf(description),
    ]),
  );

/** Cells are HTML. Too wide a table is moved within its own frame, by the keyboard too. */
const table = (
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string => `<div class="frame" tabindex="0" role="group" aria-label="${textOf(caption)}"><table>
          <caption>${textOf(caption)}</caption>
          <thead><tr>${heads.map((head) => `<th scope="col">${textOf(head)}</th>`).join('')}</tr></thead>
          <tbody>
${rows.map(([first = '', ...others]) => `            <tr><th scope="row">${first}</th>${others.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}
          </tbody>
        </table></div>`;

const escaped: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const textOf = (text: string): string => text.replace(/[&<>"']/g, (sign) => escaped[sign] ?? sign);
