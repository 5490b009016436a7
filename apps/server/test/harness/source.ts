import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
// TypeScript 7 offers no parser to programs yet; the client's generator brings one that does.
import ts from '../../../../packages/client/node_modules/typescript/lib/typescript.js'

export const SRC = join(import.meta.dirname, '../../src')

export type Import = { /** A path below src. */ to: string; names: string[] | 'all'; types_only: boolean; line: number }
/** A name of another file that this one hands on. */
export type Reexport = { name: string; to: string; original: string }
export type SourceFunction = { name: string; line: number; lines: number }
export type Export = { name: string; line: number; is_value: boolean; /** How often the file itself mentions it beside its declaration. */ mentions: number }
export type Call = { callee: string; texts: (string | undefined)[]; arguments: number; line: number }

/** What the rules of tidy.test.ts ask about a file. */
export type Source = { path: string; text: string; lines: string[]; imports: Import[]; reexports: Reexport[]; functions: SourceFunction[]; exports: Export[]; calls: Call[] }

/** Every TypeScript file below a folder, parsed. Paths are seen from src. */
export function readSources(folder = SRC): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).sort().map((path) => readSource(relative(SRC, join(folder, path))))
}

function readSource(path: string): Source {
  const text = readFileSync(join(SRC, path), 'utf8')
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true)
  const source: Source = { path, text, lines: text.split('\n'), imports: [], reexports: [], functions: [], exports: [], calls: [] }
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1
  const addImport = (specifier: string, names: Import['names'], typesOnly: boolean, node: ts.Node): void => {
    if (specifier.startsWith('.')) source.imports.push({ to: relative(SRC, join(SRC, dirname(path), specifier)), names, types_only: typesOnly, line: lineOf(node.getStart()) })
  }
  const visit = (node: ts.Node): void => {
    readImport(node, addImport)
    source.reexports.push(...reexportsOf(node).map(({ specifier, ...names }) => ({ ...names, to: relative(SRC, join(SRC, dirname(path), specifier)) })))
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const [from, to] = [lineOf(node.getStart()), lineOf(node.end)]
      source.functions.push({ name: node.name?.getText() ?? 'a function', line: from, lines: to - from + 1 })
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const given = node.arguments ?? []
      source.calls.push({
        callee: `${ts.isNewExpression(node) ? 'new ' : ''}${node.expression.getText()}`, arguments: given.length,
        texts: given.map((argument) => (ts.isStringLiteral(argument) ? argument.text : undefined)), line: lineOf(node.getStart()),
      })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  source.exports = file.statements.flatMap((statement) => exportsOf(statement)).map(({ name, is_value, at }) => ({
    name, is_value, line: lineOf(at), mentions: [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length - 1,
  }))
  return source
}

function readImport(node: ts.Node, add: (specifier: string, names: Import['names'], typesOnly: boolean, node: ts.Node) => void): void {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause
    const names = named !== undefined && (ts.isNamedImports(named) || ts.isNamedExports(named)) ? named.elements.map((element) => (element.propertyName ?? element.name).text) : 'all'
    const typesOnly = ts.isImportDeclaration(node) ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword : node.isTypeOnly
    add(node.moduleSpecifier.text, names, typesOnly, node)
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0] !== undefined && ts.isStringLiteral(node.arguments[0])) {
    add(node.arguments[0].text, 'all', false, node)
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) add(node.argument.literal.text, 'all', true, node)
}

function reexportsOf(node: ts.Node): { name: string; original: string; specifier: string }[] {
  if (!ts.isExportDeclaration(node) || node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier) || node.exportClause === undefined || !ts.isNamedExports(node.exportClause)) return []
  const { text: specifier } = node.moduleSpecifier
  return node.exportClause.elements.map(({ name, propertyName }) => ({ name: name.text, original: (propertyName ?? name).text, specifier }))
}

function exportsOf(statement: ts.Statement): { name: string; is_value: boolean; at: number }[] {
  if (!ts.canHaveModifiers(statement) || ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) return []
  const at = statement.getStart()
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [{ name: name.text, is_value: true, at }] : []))
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return [{ name: statement.name?.text ?? 'default', is_value: true, at }]
  if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) return [{ name: statement.name.text, is_value: false, at }]
  return []
}
