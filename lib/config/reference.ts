/**
 * The reference page docs/configuration.md, from the schema: one table per section with key, type, default and meaning.
 */
import { schemaTree } from './schema-tree.ts'
import type { Field, Tree } from './schema-tree.ts'

const INTRODUCTION = `# Configuration

<!-- Generated from lib/config/schema.ts by \`npm run schema\`. Do not edit. -->

\`fnlb serve -c FILE\` reads one YAML file. The smallest one that works:

\`\`\`yaml
pools:
  fn:
    nodes:
      - 10.42.1.7:8080
      - 10.42.1.9:8080
\`\`\`

[config.example.yaml](../config.example.yaml) shows every setting with its default. With the first line
\`# yaml-language-server: $schema=./config.schema.json\` an editor completes and checks the file.

* **Units.** Durations are \`250ms\`, \`5s\`, \`2m\`, \`1h\`; sizes are \`512B\`, \`16KiB\`, \`8MiB\`, \`2GiB\`;
  shares are \`20%\`. Only 0 needs no unit.
* **Strict.** An unknown key, a value out of range, a name that nothing has: all problems are printed at once with
  file, line and column, the exit code is 2, and nothing is started. \`fnlb check -c FILE\` does only that.
* **Precedence.** Flag, then environment, then file, then default. \`fnlb config show --origin\` tells for each value
  where it came from.
* **Flags.** \`--listen\`, \`--node\`, \`--workers\` and \`--admin\` alone make a complete configuration. \`--node\`
  gives the nodes of the only pool, or of a new one named \`fn\`.
* **Environment.** The name is \`FNLB_\` and the path in capitals, with two underscores for each level:
  \`FNLB_LOG__LEVEL=debug\`, \`FNLB_POOLS__FN__RETRY__ATTEMPTS=2\`. In the name of a pool one underscore stands for a
  hyphen. A list is separated by commas (\`FNLB_POOLS__FN__NODES=10.0.0.1:8080,10.0.0.2:8080\`) or is JSON. A variable
  that begins with \`FNLB_\` and sets nothing is an error, except \`FNLB_CONFIG\` (the file, when there is no \`-c\`),
  \`FNLB_ADMIN\` (for the commands that talk to a running daemon), and what Kubernetes sets for a Service whose name
  begins with \`fnlb\` (\`FNLB_SERVICE_HOST\`, \`FNLB_PORT_8080_TCP\` and the like).
`

/** The whole page. */
export function configReference (): string {
  const root = schemaTree()
  if (root.type !== 'section') throw new TypeError('the schema is no section')
  return [INTRODUCTION, ...sections('', 'Top level', undefined, root)].join('\n')
}

function sections (path: string, title: string, intro: string | undefined, tree: Tree): string[] {
  if (tree.type === 'map') return sections(`${path}.<name>`, `${path}.<name>`, intro, tree.value)
  if (tree.type === 'list') return sections(`${path}[]`, `${path}[]`, intro, tree.item)
  if (tree.type === 'leaf') return []
  const rows = [...tree.fields].map(([key, field]) => {
    const cells = [`\`${key}\``, typeOf(field), defaultOf(field), field.description]
    return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  const own = [
    `## ${title === 'Top level' ? title : `\`${title}\``}`,
    '',
    ...(intro === undefined ? [] : [intro, '']),
    '| key | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    ''
  ].join('\n')
  const below = [...tree.fields].flatMap(([key, field]) => {
    const inner = path === '' ? key : `${path}.${key}`
    return sections(inner, inner, field.description, field.tree)
  })
  return [own, ...below]
}

function typeOf ({ tree }: Field): string {
  switch (tree.type) {
    case 'leaf': return tree.kind.label
    case 'section': return 'section'
    case 'map': return 'mapping by name'
    case 'list': {
      if (tree.kind !== undefined) return tree.kind.label
      const { item } = tree
      return `list of ${'kind' in item && item.kind !== undefined ? item.kind.label : 'mappings'}`
    }
  }
}

function defaultOf (field: Field): string {
  if (field.default !== undefined) return `\`${JSON.stringify(field.default)}\``
  if (field.isRequired) return '**required**'
  return field.tree.type === 'section' && !field.isOptional ? 'see below' : 'absent'
}
